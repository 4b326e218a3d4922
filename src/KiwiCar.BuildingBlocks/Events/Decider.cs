namespace KiwiCar.BuildingBlocks.Events;

/// <summary>How a stream folds into the state its decisions need. <c>Evolve</c> is pure: no clock, no ids, no I/O.</summary>
/// <param name="StreamType">Stored with the stream: <c>listing</c>, <c>conversation</c>, <c>account</c>.</param>
/// <param name="Initial">The state before the first event.</param>
/// <param name="Holds">Names that no other stream may hold while this one is in that state; null = none. Taken and given up by the appends themselves.</param>
/// <param name="IsBusy">Whether many append to one such stream, and it grows long: its state is remembered between appends, and a lost race is tried again more often.</param>
public sealed record Decider<TState>(string StreamType, TState Initial, Func<TState, IEvent, TState> Evolve, Func<TState, IEnumerable<string>>? Holds = null, bool IsBusy = false);
