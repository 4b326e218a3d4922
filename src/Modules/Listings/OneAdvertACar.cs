using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Listings;

/// <summary>What a seller is told who offers a car that they are offering already (see <c>Listing.Holds</c>).</summary>
internal static class OneAdvertACar
{
    public static async Task<long> Guard(Func<Task<long>> publish)
    {
        try { return await publish(); }
        catch (NameTakenException) { throw Rejection.Conflict("ALREADY_LISTED", "You have an open advert for the car with this plate; change that one, or close it first"); }
    }
}
