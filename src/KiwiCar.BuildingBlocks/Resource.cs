namespace KiwiCar.BuildingBlocks;

/// <summary>Files that a project carries inside its assembly.</summary>
public static class Resource
{
    /// <summary>The text of an embedded file of <paramref name="owner"/>'s assembly, found by the end of its name.</summary>
    public static string Text(Type owner, string file)
    {
        var assembly = owner.Assembly;
        var name = assembly.GetManifestResourceNames().Single(n => n.EndsWith("." + file, StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
