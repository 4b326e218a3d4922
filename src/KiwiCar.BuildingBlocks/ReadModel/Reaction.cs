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

    public async ValueTask Apply(Recorded e, Scope scope, CancellationToken ct)
    {
        if (e.Data is null) throw new UnknownEventException(e);
        if (handlers.TryGetValue(e.Data.GetType(), out var handle)) await handle(e.Data, e, scope, ct);
    }
}
