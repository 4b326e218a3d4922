using System.Globalization;

namespace KiwiCar.Bench;

/// <summary>The table at the end: medians of the rounds, ours against the better of the peer's shapes.</summary>
internal sealed class PeerTable
{
    private static readonly string[] Head =
        ["", "workload", "peer's shape", "peer req/s", "ours req/s", "ratio", "cpu ratio", "peer p50", "ours p50", "peer p99", "ours p99", "peer cpu", "ours cpu", "peer db", "ours db", "peer MB", "ours MB", "errors"];

    private readonly List<string[]> rows = [];

    public void Skip(string name, string what, string why) => rows.Add([name, what, why, .. Enumerable.Repeat("-", Head.Length - 3)]);

    public void Add(string name, string what, Dictionary<string, List<LoadResult>> results)
    {
        var ours = results["ours"];
        var (shape, theirs) = results.Where(r => r.Key != "ours").MaxBy(r => Median(r.Value, x => x.Rps));
        rows.Add([name, what, shape, Of(theirs, r => r.Rps, "N1"), Of(ours, r => r.Rps, "N1"), Text(Median(ours, r => r.Rps) / Median(theirs, r => r.Rps), "0.0x"),
            Text(Median(theirs, Cpu) / Median(ours, Cpu), "0.0x"),
            Of(theirs, r => r.P50), Of(ours, r => r.P50), Of(theirs, r => r.P99), Of(ours, r => r.P99), Of(theirs, r => r.ServerCpu, "0.000"), Of(ours, r => r.ServerCpu, "0.000"),
            Of(theirs, r => r.DatabaseCpu, "0.000"), Of(ours, r => r.DatabaseCpu, "0.000"), Of(theirs, r => r.Megabytes, "0"), Of(ours, r => r.Megabytes, "0"),
            $"{theirs.Sum(r => r.Errors)}/{ours.Sum(r => r.Errors)}"]);
    }

    public void Print()
    {
        var width = Head.Select((h, i) => rows.Select(r => r[i].Length).Append(h.Length).Max()).ToArray();
        Console.WriteLine("\np50 and p99 in ms; cpu and db: CPU milliseconds a request of the API's processes and of the databases, their sums compared in cpu ratio, which swings least; MB: resident memory of the API after the run");
        Line(Head);
        Console.WriteLine($"|{string.Join('|', width.Select(w => new string('-', w + 2)))}|");
        foreach (var row in rows) Line(row);

        void Line(string[] cells) => Console.WriteLine($"| {string.Join(" | ", cells.Select((c, i) => i < 3 ? c.PadRight(width[i]) : c.PadLeft(width[i])))} |");
    }

    private static double Cpu(LoadResult result) => result.ServerCpu + result.DatabaseCpu;

    private static string Of(List<LoadResult> results, Func<LoadResult, double> figure, string format = "0.00") => Text(Median(results, figure), format);

    private static string Text(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);

    private static double Median(List<LoadResult> results, Func<LoadResult, double> figure) => results.Select(figure).Order().ElementAt(results.Count / 2);
}
