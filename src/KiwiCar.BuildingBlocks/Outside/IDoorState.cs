namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>A door to the outside that knows by itself whether it works, so that <c>/health</c> need not try it.</summary>
public interface IDoorState
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    string Name { get; }

    bool Works { get; }
}
