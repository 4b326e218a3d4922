using KiwiCar.Alerts;
using KiwiCar.BuildingBlocks;
using KiwiCar.Identity;
using KiwiCar.Listings;
using KiwiCar.Messaging;
using KiwiCar.Vehicles;

namespace KiwiCar.Host;

internal static class Modules
{
    public static readonly IReadOnlyList<IModule> All = [new IdentityModule(), new ListingsModule(), new VehiclesModule(), new MessagingModule(), new AlertsModule()];
}
