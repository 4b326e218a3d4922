using System.Text;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Host;

namespace KiwiCar.Tests;

/// <summary>Given these events, when this is decided, then those follow. Events are compared as their stored JSON.</summary>
internal sealed class Spec<TState>(Decider<TState> decider)
{
    private static readonly EventTypes Types = new(Modules.All.SelectMany(m => m.Events));
    private TState state = decider.Initial;
    private Func<IReadOnlyList<IEvent>> decided = () => [];

    public Spec<TState> Given(IEnumerable<IEvent> past)
    {
        state = past.Aggregate(state, decider.Evolve);
        return this;
    }

    public Spec<TState> When(Func<TState, IEnumerable<IEvent>> decide)
    {
        decided = () => [.. decide(state)];
        return this;
    }

    public void Then(params IEvent[] expected) => Assert.Equal(expected.Select(Stored), decided().Select(Stored));

    public void ThenNothing() => Then();

    public void ThenRejected(string code) => Assert.Equal(code, Assert.Throws<Rejection>(() => decided()).Code);

    private static string Stored(IEvent e) => $"{Types.NameOf(e)} {Encoding.UTF8.GetString(Types.Write(e))}";
}
