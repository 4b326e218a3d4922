using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// What follows from an event beyond the read models: it may read, and its effects are rows of the outbox, written in the transaction
/// of its checkpoint. It starts with the events that come after it was first installed and is never rewound: no rebuild fires it.
/// </summary>
/// <param name="name">As operators see it, for instance <c>alerts-when-price-changed</c>.</param>
public sealed class Reaction(string name)
{
    private readonly Dictionary<Type, Func<IEvent, Recorded, Scope, CancellationToken, Task>> handlers = [];

    public string Name { get; } = name;

    public Reaction On<TEvent>(Func<TEvent, Recorded, Scope, CancellationToken, Task> handle) where TEvent : IEvent
    {
        handlers.Add(typeof(TEvent), (e, recorded, scope, ct) => handle((TEvent)e, recorded, scope, ct));
        return this;
    }

    /// <summary>
    /// What falls due by time alone, in a transaction of its own under the same lock: asked this often, when every event up to the time it is told was taken.
    /// It says whether it has written anything.
    /// </summary>
    public Reaction Every(TimeSpan period, TimeProvider clock, Func<DateTimeOffset, Scope, CancellationToken, Task<bool>> act)
    {
        Timer = new(period, clock, act);
        return this;
    }

    public ReactionTimer? Timer { get; private set; }

    /// <summary>Whether <see cref="Apply"/> might do anything with it: act, or fail.</summary>
    public bool Concerns(Recorded e) => e.Data is null || handlers.ContainsKey(e.Data.GetType());

    public async ValueTask Apply(Recorded e, Scope scope, CancellationToken ct)
    {
        if (e.Data is null) throw new UnknownEventException(e);
        if (handlers.TryGetValue(e.Data.GetType(), out var handle)) await handle(e.Data, e, scope, ct);
    }
}

/// <inheritdoc cref="Reaction.Every"/>
public sealed record ReactionTimer(TimeSpan Period, TimeProvider Clock, Func<DateTimeOffset, Scope, CancellationToken, Task<bool>> Act)
{
    /// <summary>The time it is told lies so far back: an append stamps its events before it commits them, and hosts' clocks differ.</summary>
    public static readonly TimeSpan Behind = TimeSpan.FromSeconds(2);
}
