namespace KiwiCar.BuildingBlocks.ReadModel;

internal static class SqlScript
{
    /// <summary>The statements of a script in which each ends with a semicolon at a line's end; comment lines are left out.</summary>
    public static IEnumerable<string> Statements(string script) =>
        string.Join('\n', script.Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)))
            .Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
