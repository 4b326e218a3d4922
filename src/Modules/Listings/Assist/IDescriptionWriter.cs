namespace KiwiCar.Listings.Assist;

/// <summary>The door to whoever writes descriptions.</summary>
internal interface IDescriptionWriter
{
    /// <summary>As answers name it.</summary>
    string Source { get; }

    /// <param name="refused">What was wrong with the text before, in phrases of ours.</param>
    /// <exception cref="WriterException">It is away, refuses, or wrote nothing that can be used.</exception>
    Task<string> Write(CarFacts facts, IReadOnlyCollection<string> refused, CancellationToken ct);
}

internal sealed class WriterException(string message, Exception? inner = null) : Exception(message, inner);
