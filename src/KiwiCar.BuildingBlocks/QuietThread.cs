using System.Runtime.InteropServices;

namespace KiwiCar.BuildingBlocks;

/// <summary>A thread for work that takes long and may wait: it runs where no request wants the processor.</summary>
public static partial class QuietThread
{
    private const int Lowest = 19;

    /// <summary>Starts it in the background.</summary>
    public static void Start(string name, Action work) => new Thread(() =>
    {
        if (OperatingSystem.IsLinux()) _ = SetPriority(0, 0, Lowest); // .NET's own priorities do nothing on Linux
        work();
    }) { IsBackground = true, Name = name }.Start();

    /// <summary>The same, with a result.</summary>
    public static Task<T> Run<T>(string name, Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(name, () =>
        {
            try { result.SetResult(work()); }
            catch (Exception e) { result.SetException(e); }
        });
        return result.Task;
    }

    // On Linux the calling thread's alone (which = PRIO_PROCESS, who = 0).
    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);
}
