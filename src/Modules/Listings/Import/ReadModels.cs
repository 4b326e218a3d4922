using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.ReadModel;
using Microsoft.Extensions.DependencyInjection;

namespace KiwiCar.Listings.Import;

/// <summary>The databases before an import and the read models after it.</summary>
internal static class ReadModels
{
    /// <summary>Creates what is missing in both databases.</summary>
    public static async Task Prepare(IServiceProvider services, CancellationToken ct)
    {
        await services.PrepareEvents(ct);
        await services.GetRequiredService<Database>().Prepare(services.GetRequiredService<IReadOnlyList<IModule>>().Select(m => m.Tables), ct);
    }

    /// <summary>
    /// Until the projections, and the reactions where wanted, have taken all that the log holds now. A running API has most of it done; alone,
    /// this process does it. Both may: the checkpoint lets one at a time move.
    /// </summary>
    public static async Task CatchUp(IServiceProvider services, bool withReactions, CancellationToken stop)
    {
        var (reader, progress) = (services.GetRequiredService<EventReader>(), services.GetRequiredService<Progress>());
        await reader.StartAsync(stop);
        var modules = services.GetRequiredService<IReadOnlyList<IModule>>();
        var (projections, reactions) = (modules.SelectMany(m => m.Projections).ToList(), withReactions ? modules.SelectMany(m => m.Reactions(services)).ToList() : []);
        var following = projections.Select(services.Follow).Concat(reactions.Select(services.Follow)).ToList();
        var marks = projections.Select(p => progress.Of(p.Name)).Concat(reactions.Select(r => progress.OfReaction(r.Name))).ToList();
        var head = reader.Settled.Position;
        foreach (var subscription in following) await subscription.StartAsync(stop);
        try { await new ImportProgress("events in the read models", head, () => Math.Min(head, marks.Min(m => m.Position))).Watch(Task.WhenAll(marks.Select(m => m.Reached(head, stop)))); }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { }
        foreach (var subscription in following) await subscription.StopAsync(CancellationToken.None);
        await reader.StopAsync(CancellationToken.None);
    }
}
