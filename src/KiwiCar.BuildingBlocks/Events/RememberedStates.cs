using Microsoft.Extensions.Caching.Memory;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>
/// What busy streams were like when this process last read or wrote them. It may be old: what is decided on it holds only where the append then finds the
/// stream at that very version. Events never change, so it may be read on from there.
/// </summary>
internal sealed class RememberedStates : IDisposable
{
    private const int Most = 20_000;

    private readonly MemoryCache kept = new(new MemoryCacheOptions { SizeLimit = Most });

    public (TState State, long Version)? Find<TState>(Guid stream) => kept.TryGetValue(stream, out (TState, long) known) ? known : null;

    public void Keep<TState>(Guid stream, TState state, long version) => kept.Set(stream, (state, version), new MemoryCacheEntryOptions { Size = 1 });

    public void Dispose() => kept.Dispose();
}
