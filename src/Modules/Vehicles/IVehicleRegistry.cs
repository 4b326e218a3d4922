namespace KiwiCar.Vehicles;

/// <summary>The door to whoever knows which car a plate belongs to.</summary>
internal interface IVehicleRegistry
{
    /// <summary>As answers name it.</summary>
    string Source { get; }

    /// <exception cref="RegistryException">It is away, or says what cannot be understood.</exception>
    Task<RegistryAnswer> Ask(string plate, CancellationToken ct);
}

/// <param name="Vehicle">Null where there is none.</param>
/// <param name="Later">It is still looking: when to ask again.</param>
internal sealed record RegistryAnswer(RegisteredVehicle? Vehicle, TimeSpan? Later = null);

/// <param name="retryAfter">When it wants to be asked again, where it says so.</param>
internal sealed class RegistryException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
