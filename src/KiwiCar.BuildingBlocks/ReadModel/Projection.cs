using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks.Events;

namespace KiwiCar.BuildingBlocks.ReadModel;

/// <summary>
/// Which events a group of tables shows, and what each writes. Pure: same events, same rows, whenever they are replayed;
/// no clock, no reads, no effects.
/// </summary>
/// <param name="name">As operators see it: <c>kiwicar projections rebuild NAME</c>.</param>
/// <param name="tables">Parents first. Only this projection writes them.</param>
/// <param name="script">The module's Tables.sql, which creates them.</param>
public sealed class Projection(string name, IReadOnlyList<Table> tables, string script)
{
    private readonly Dictionary<Type, Action<IEvent, Recorded, Writer>> handlers = [];
    private readonly HashSet<Type> ignored = [];
    private readonly HashSet<Guid> code = [];

    public string Name { get; } = name;

    public IReadOnlyList<Table> Tables { get; } = tables;

    /// <summary>The CREATE TABLE statements of these tables, under names with <paramref name="suffix"/>.</summary>
    public IEnumerable<string> Definitions(string suffix) =>
        from statement in SqlScript.Statements(script)
        where Tables.Any(t => statement.StartsWith($"CREATE TABLE IF NOT EXISTS `{t.Name}`", StringComparison.Ordinal))
        select Tables.Aggregate(statement, (sql, t) => sql.Replace($"`{t.Name}`", $"`{t.Name}{suffix}`", StringComparison.Ordinal));

    /// <summary>What it says something of: <see cref="On"/> and <see cref="Ignores"/>.</summary>
    public IEnumerable<Type> Handles => handlers.Keys.Concat(ignored);

    /// <summary>Differs where the events, the handlers or the tables were compiled from other code.</summary>
    public Guid Build => new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(',', code.Order()) + script)).AsSpan(0, 16));

    public Projection On<TEvent>(Action<TEvent, Recorded, Writer> apply) where TEvent : IEvent
    {
        code.UnionWith([typeof(TEvent).Module.ModuleVersionId, apply.Method.Module.ModuleVersionId]);
        handlers.Add(typeof(TEvent), (e, recorded, writer) => apply((TEvent)e, recorded, writer));
        return this;
    }

    /// <summary>An event this read model shows nothing of, on purpose.</summary>
    public Projection Ignores<TEvent>() where TEvent : IEvent
    {
        ignored.Add(typeof(TEvent));
        return this;
    }

    /// <summary>Whether <see cref="Apply"/> might do anything with it: write, or fail.</summary>
    public bool Concerns(Recorded e) => e.Data is null || handlers.ContainsKey(e.Data.GetType());

    public void Apply(Recorded e, Writer writer)
    {
        if (e.Data is null) throw new UnknownEventException(e);
        if (handlers.TryGetValue(e.Data.GetType(), out var apply)) apply(e.Data, e, writer);
    }
}

/// <summary>The stored name of an event means nothing to this program, or its JSON does: an older version runs, or a module is missing.</summary>
public sealed class UnknownEventException(Recorded e) : Exception($"This program cannot read events of type '{e.Type}' as stored");
