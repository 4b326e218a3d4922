using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace KiwiCar.BuildingBlocks.Pictures;

/// <summary>A child process with limits, so that whatever a hostile file does to a decoder it does to that process alone.</summary>
internal static class LimitedProcess
{
    /// <summary>The exit code where there is no such program; the shell's, too.</summary>
    public const int NoSuchProgram = 127;

    // Measured with libvips 8.14 and the costliest files that ImageHeader lets in (40 megapixels): 488 MiB of memory of its own, 0.8 GiB of
    // addresses of which the libraries are 0.3, 4 s of CPU, 2 MiB of output for pure noise. No --nproc: it counts all of the user's threads, ours too.
    private static readonly string[] Limits =
    [
        "--data=536870912", "--as=1073741824", // bytes
        "--cpu=10",                            // seconds
        "--fsize=8388608", "--nofile=64", "--core=0",
    ];

    /// <summary>Runs a program to its end, without a shell and behind all others' work; ends it where <paramref name="ct"/> says so.</summary>
    /// <param name="folder">Where it works; the only place it is told of.</param>
    /// <returns>Its exit code (128 + the signal that ended it) and the beginning of what it said on standard error.</returns>
    public static async Task<(int Code, string Said)> Run(string folder, string[] commandLine, CancellationToken ct)
    {
        Process started;
        try { started = Process.Start(Described(folder, commandLine))!; }
        catch (Win32Exception e) { return (NoSuchProgram, e.Message); }
        using var process = started;
        try
        {
            process.StandardInput.Close();
            var (output, errors) = (Drain(process.StandardOutput.BaseStream, ct), Drain(process.StandardError.BaseStream, ct));
            await process.WaitForExitAsync(ct);
            await output;
            return (process.ExitCode, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None); // so that nothing writes to the folder any more, and no zombie stays
        }
    }

    private static ProcessStartInfo Described(string folder, string[] commandLine)
    {
        var start = new ProcessStartInfo("nice", ["-n", "10", "prlimit", .. Limits, "--", .. commandLine])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var path = start.Environment["PATH"];
        start.Environment.Clear(); // our passwords are in there
        start.Environment["PATH"] = path;
        start.Environment["TMPDIR"] = folder;
        start.Environment["VIPS_BLOCK_UNTRUSTED"] = "1";
        start.Environment["VIPS_CONCURRENCY"] = "1";
        start.Environment["VIPSHOME"] = "/nonexistent"; // where it would look for the plug-ins that read PDF, HEIF and a hundred others
        return start;
    }

    // All of it is read, or the child would wait; the beginning is kept, in one line.
    private static async Task<string> Drain(Stream stream, CancellationToken ct)
    {
        var (buffer, kept) = (new byte[4096], 0);
        for (int read; (read = await stream.ReadAsync(buffer.AsMemory(kept), ct)) > 0;) kept = Math.Min(kept + read, 400);
        return Encoding.UTF8.GetString(buffer, 0, kept).ReplaceLineEndings(" ").Trim();
    }
}
