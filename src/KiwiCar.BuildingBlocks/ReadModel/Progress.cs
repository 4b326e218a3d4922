using System.Collections.Concurrent;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>How far each read model of this process is, and the waiting of commands for them.</summary>
public sealed class Progress
{
    /// <summary>How long a command waits at most; after that it answers all the same, and the read models follow.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Watermark> models = new(StringComparer.Ordinal), reactions = new(StringComparer.Ordinal);

    /// <summary>The watermark of a read model; commands wait for it from now on.</summary>
    public Watermark Of(string model) => models.GetOrAdd(model, _ => new Watermark());

    /// <summary>The watermark of a reaction; only who names it waits for it.</summary>
    public Watermark OfReaction(string reaction) => reactions.GetOrAdd(reaction, _ => new Watermark());

    /// <summary>Returns when every read model shows <paramref name="position"/>, or after 2 s.</summary>
    public Task Reached(long position, CancellationToken ct) => Reached(models.Values, position, ct);

    /// <summary>Returns when a reaction has taken the events up to <paramref name="position"/>, or after 2 s.</summary>
    public Task Reached(string reaction, long position, CancellationToken ct) => Reached([OfReaction(reaction)], position, ct);

    private static async Task Reached(IEnumerable<Watermark> marks, long position, CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Patience);
        try
        {
            foreach (var mark in marks) await mark.Reached(position, timeout.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { } // the write stands; the read models follow
    }
}
