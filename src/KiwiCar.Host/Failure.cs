using System.Data.Common;
using System.Net.Sockets;

namespace KiwiCar.Host;

/// <summary>A command that cannot go on says why in a sentence; a stack trace is for faults of the program only.</summary>
internal static class Failure
{
    public static async Task<int> Explain(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception e) when (e is InvalidOperationException or DbException or IOException or SocketException or UriFormatException)
        {
            await Console.Error.WriteLineAsync($"kiwicar: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}
