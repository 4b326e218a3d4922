using KiwiCar.BuildingBlocks.Pictures;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.IntegrationTests.Listings;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.IntegrationTests.BuildingBlocks;

/// <summary>The child process that decodes, and others in its place.</summary>
public sealed class VipsTests : IDisposable
{
    private static readonly ImageHeader Header = new(ImageFormat.Jpeg, 160, 120);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_real_tool_passes_its_test()
    {
        using var vips = Tool("vips");
        await vips.StartAsync(default);
        vips.Begin().Dispose();
        Assert.Empty(Left());
    }

    [Theory]
    [InlineData("kiwicar-no-such-tool", null)] // not installed
    [InlineData("everything", "cp ../../dot.webp \"${3%%[*}\"")] // takes an SVG too
    [InlineData("nothing", "exit 1")]
    [InlineData("lazy", "exit 0")] // says it did, and did not
    public async Task Without_a_tool_to_trust_uploads_are_refused_and_the_host_still_starts(string name, string? script)
    {
        await File.WriteAllBytesAsync(folder.File("dot.webp"), Pictures.Make(".webp"));
        using var vips = Tool(script is null ? name : Script(name, script));
        await vips.StartAsync(default);

        var refusal = Assert.Throws<Rejection>(vips.Begin);
        Assert.Equal((503, 60), (refusal.Status, refusal.RetryAfter));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task A_tool_that_hangs_is_ended_in_time()
    {
        using var vips = Tool(Script("hangs", "sleep 61.37"));
        await Assert.ThrowsAsync<TimeoutException>(() => Convert(vips)); // the tool sleeps longer
        AssertGone("sleep 61.37");
    }

    [Theory]
    [InlineData("crashes", "kill -11 $$")]
    [InlineData("fails", "echo damaged >&2; exit 1")]
    [InlineData("writes a gigabyte", "exec dd if=/dev/zero of=1_0.webp bs=1M count=1024")]
    [InlineData("says much", "head -c 100000000 /dev/zero; exit 1")]
    [InlineData("complains much", "head -c 100000000 /dev/zero >&2; exit 1")]
    [InlineData("asks for memory", "exec awk 'BEGIN { x = \"much\"; while (1) x = x x }'")]
    public async Task A_tool_that_misbehaves_makes_no_photo_and_leaves_nothing(string name, string script)
    {
        using var vips = Tool(Script(name.Replace(' ', '-'), script));
        Assert.Null(await Convert(vips));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task A_hundred_crashes_leave_no_process_and_no_place_taken()
    {
        using var vips = Tool(Script("crashes", "kill -11 $$"));
        for (var i = 0; i < 100; i++) Assert.Null(await Convert(vips));
        await AssertNoZombieStays();
        Assert.Empty(Left());
    }

    [Fact]
    public async Task A_client_that_goes_away_takes_its_child_along()
    {
        using var vips = Tool(Script("hangs", "sleep 62.73"));
        using var gone = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Convert(vips, gone.Token));
        AssertGone("sleep 62.73");
        Assert.Empty(Left());
    }

    [Fact]
    public async Task The_child_sees_nothing_of_our_environment()
    {
        Environment.SetEnvironmentVariable("KIWICAR_TEST_SECRET", "hunter2");
        using var vips = Tool(Script("tells", $"env > '{folder.File("environment")}'; exit 1"));
        await Convert(vips);
        var names = File.ReadLines(folder.File("environment")).Select(line => line.Split('=')[0]).Except(["PWD", "SHLVL", "_", "OLDPWD"]);
        Assert.Equal(["PATH", "TMPDIR", "VIPSHOME", "VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY"], names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task More_uploads_than_there_are_places_for_are_told_to_come_back()
    {
        using var vips = Tool("vips");
        await vips.StartAsync(default);
        var places = Enumerable.Range(0, Vips.MostUploads).Select(_ => vips.Begin()).ToList();

        var refusal = Assert.Throws<Rejection>(vips.Begin);
        Assert.Equal((503, 5), (refusal.Status, refusal.RetryAfter));
        foreach (var place in places) place.Dispose();
        vips.Begin().Dispose();
    }

    [Fact]
    public async Task What_a_killed_host_left_behind_is_removed_at_the_start_and_nothing_else()
    {
        var (old, young, foreign) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"), "somebody-elses");
        foreach (var name in new[] { old, young, foreign }) Directory.CreateDirectory(Path.Combine(folder.File("work"), name));
        foreach (var name in new[] { old, foreign }) Directory.SetLastWriteTimeUtc(Path.Combine(folder.File("work"), name), DateTime.UtcNow.AddHours(-2));

        using var vips = Tool("vips");
        await vips.StartAsync(default);
        Assert.Equal(new[] { young, foreign }.Order(StringComparer.Ordinal), Left().Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private Vips Tool(string program) => new(folder.File("work"), NullLogger<Vips>.Instance, program);

    private async Task<IReadOnlyList<Picture>?> Convert(Vips vips, CancellationToken ct = default)
    {
        using var place = new Workplace(folder.File("work"), NullLogger.Instance, done: () => { });
        await File.WriteAllBytesAsync(place.File("1"), [1, 2, 3], ct);
        return await vips.Convert(place, "1", Header, [new(160, 120, Exactly: false, Quality: 80)], ct);
    }

    private string Script(string name, string script)
    {
        var path = folder.File(name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private string[] Left() => Directory.Exists(folder.File("work")) ? Directory.GetFileSystemEntries(folder.File("work")) : [];

    private static void AssertGone(string commandLine) => Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Select(p => Read(p, "cmdline").Replace('\0', ' ').Trim()), c => c == commandLine);

    // Any child that has just ended is a zombie until the runtime looks, another test's too; what must not be is one that stays.
    private static async Task AssertNoZombieStays()
    {
        var zombies = Zombies().ToHashSet();
        for (var patience = 100; zombies.Count > 0 && patience > 0; patience--)
        {
            await Task.Delay(100);
            zombies.IntersectWith(Zombies());
        }
        Assert.Empty(zombies);
    }

    private static IEnumerable<string> Zombies() => Directory.EnumerateDirectories("/proc")
        .Where(p => Read(p, "stat").Split(") ").Last().StartsWith($"Z {Environment.ProcessId} ", StringComparison.Ordinal));

    private static string Read(string process, string file)
    {
        try { return File.ReadAllText(Path.Combine(process, file)); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; } // it is no process, or has just ended
    }
}
