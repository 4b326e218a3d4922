using KiwiCar.BuildingBlocks;
using Microsoft.Extensions.Logging;

namespace KiwiCar.Listings.Assist;

/// <param name="FellBack">The writer was asked, and nothing came of it that could be used.</param>
internal sealed record Description(string Text, string Source, bool FellBack = false);

/// <summary>A description of a car: the writer's, where it claims nothing but the facts at the first or the second try, else the template's. Takes 10 s at most.</summary>
/// <param name="writer">Null where none is configured.</param>
internal sealed class Descriptions(IDescriptionWriter? writer, TemplateWriter template, TimeProvider clock, ILogger<Descriptions> log)
{
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);
    private const int Tries = 2;

    public async Task<Description> Write(CarFacts facts, CancellationToken ct)
    {
        var today = NewZealand.DayOf(clock.GetUtcNow());
        if (writer is not null && await Ask(writer, facts, today, ct) is { } text) return new(text, writer.Source);
        return new(TemplateWriter.Write(facts, today), template.Source, FellBack: writer is not null);
    }

    private async Task<string?> Ask(IDescriptionWriter writer, CarFacts facts, DateOnly today, CancellationToken ct)
    {
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(ct);
        budget.CancelAfter(Budget);
        IReadOnlyList<string> refused = [];
        try
        {
            for (var attempt = 1; attempt <= Tries; attempt++)
            {
                var text = (await writer.Write(facts, refused, budget.Token)).ReplaceLineEndings("\n");
                refused = Claims.Unfounded(text, facts, today);
                if (refused.Count == 0) return text;
                log.LogInformation("A description was refused: {Reasons}", string.Join("; ", refused));
            }
        }
        catch (WriterException e) { log.LogWarning("No description from {Source}: {Reason}", writer.Source, e.Message); }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { log.LogWarning("No description from {Source} within {Seconds} s", writer.Source, Budget.TotalSeconds); }
        return null;
    }
}
