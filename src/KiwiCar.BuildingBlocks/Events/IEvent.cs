namespace KiwiCar.BuildingBlocks.Events;

/// <summary>Something that happened: a past-tense business fact, stored once and never changed.</summary>
public interface IEvent;

/// <summary>
/// The name an event is stored under (<c>mt_events.type</c>), fixed for ever: the class may be renamed, the name may not.
/// A new meaning is a new event with a new name (<c>price_changed_v2</c>).
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EventNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>An event as the log holds it.</summary>
/// <param name="Position">Its number in the whole log (<c>seq_id</c>): ascending, with gaps where appends were rolled back.</param>
/// <param name="EventId">Its own id; a row that the event makes takes this id, so that a replay makes the same row.</param>
/// <param name="StreamId">The entity it happened to.</param>
/// <param name="StreamType">What that entity is: <c>listing</c>, <c>conversation</c>, <c>account</c>.</param>
/// <param name="Version">1, 2, 3 … within the stream.</param>
/// <param name="Type">The stored name.</param>
/// <param name="At">When it was recorded, UTC, in whole milliseconds, so that every database holds the same instant.</param>
/// <param name="Data">The event; null where this program does not know <paramref name="Type"/> or cannot read it (it is then parked, never skipped).</param>
public sealed record Recorded(
    long Position, Guid EventId, Guid StreamId, string StreamType, long Version, string Type, DateTimeOffset At, IEvent? Data);
