using System.Runtime.InteropServices;

namespace KiwiCar.Listings.Import;

/// <summary>Ctrl-C or SIGTERM asks the work to stop after what is in flight; a second one ends the program at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource stop;
    private readonly PosixSignalRegistration[] signals;

    public Interrupt(CancellationToken ct)
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];
    }

    public CancellationToken Token => stop.Token;

    public bool IsRequested => stop.IsCancellationRequested;

    public void Dispose()
    {
        foreach (var signal in signals) signal.Dispose();
        stop.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
}
