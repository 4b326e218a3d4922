using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Vehicles;

internal static class GetLookupQuota
{
    public static async Task<Ok<QuotaStanding>> Handle(CurrentUser user, LookupQuota quota, HttpContext http, CancellationToken ct) =>
        TypedResults.Ok(await quota.Of(Asker.Of(user, http), ct));
}
