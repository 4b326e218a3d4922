namespace KiwiCar.BuildingBlocks.Events;

/// <summary>A log position that only rises, and that others can wait for.</summary>
public sealed class Watermark
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> waiting = new();
    private long position;

    public long Position => Volatile.Read(ref position);

    /// <summary>Moves on to <paramref name="reached"/>; a lower number changes nothing.</summary>
    public void Advance(long reached)
    {
        lock (gate)
        {
            if (reached <= position) return;
            Volatile.Write(ref position, reached);
            while (waiting.TryPeek(out var waiter, out var wanted) && wanted <= reached)
            {
                waiting.Dequeue();
                waiter.TrySetResult();
            }
        }
    }

    /// <summary>Completes once <paramref name="wanted"/> is reached.</summary>
    public Task Reached(long wanted, CancellationToken ct)
    {
        if (Position >= wanted) return Task.CompletedTask;
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (position >= wanted) return Task.CompletedTask;
            waiting.Enqueue(waiter, wanted);
        }
        return waiter.Task.WaitAsync(ct);
    }
}
