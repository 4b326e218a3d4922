using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace KiwiCar.IntegrationTests;

/// <summary>A Redis of a test's own on a free loopback port, to be emptied, stopped and started again.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("kiwicar-redis-").FullName;
    private readonly int port;
    private Process? process;

    private RedisServer(int port) => this.port = port;

    public string Url => $"redis://127.0.0.1:{port}";

    public static async Task<RedisServer> Start()
    {
        var server = new RedisServer(FreePort());
        await server.Run();
        return server;
    }

    /// <summary>Starts it, empty; answers when it does.</summary>
    public async Task Run()
    {
        process = Process.Start(new ProcessStartInfo("redis-server", ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]) { RedirectStandardOutput = true })!;
        _ = process.StandardOutput.ReadToEndAsync();
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try { if (await Ask("PING") == "+PONG") return; }
            catch (SocketException) { } // not listening yet
            await Task.Delay(50);
        }
        throw new InvalidOperationException("redis-server did not start");
    }

    public async Task Stop()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>It stays connected, but answers nothing; until it is continued.</summary>
    public void Pause() => Signal("STOP");

    public void Continue() => Signal("CONT");

    /// <summary>Sends one command; the first line of what it answers.</summary>
    public async Task<string?> Ask(string command)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        using var writer = new StreamWriter(socket.GetStream()) { AutoFlush = true };
        using var reader = new StreamReader(socket.GetStream());
        await writer.WriteAsync(command + "\r\n");
        return await reader.ReadLineAsync();
    }

    /// <summary>All there is, as text: every key and every member.</summary>
    public async Task<string> Dump()
    {
        using var cli = Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{port}", "EVAL",
            "local all = {} for _, k in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = k .. ' ' .. redis.call('TYPE', k).ok .. ' ' .. redis.call('TTL', k) end return all", "0"]) { RedirectStandardOutput = true })!;
        var text = await cli.StandardOutput.ReadToEndAsync();
        await cli.WaitForExitAsync();
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await Stop();
        process?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, $"{process!.Id}"]);
        kill.WaitForExit();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
