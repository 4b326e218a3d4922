using KiwiCar.BuildingBlocks;

namespace KiwiCar.Vehicles;

/// <summary>Plate lookups: plain rows; its rooms are still to be furnished.</summary>
public sealed class VehiclesModule : IModule;
