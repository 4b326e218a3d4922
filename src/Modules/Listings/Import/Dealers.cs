using System.Security.Cryptography;
using System.Text;
using KiwiCar.Identity.Contracts;

namespace KiwiCar.Listings.Import;

/// <summary>The sellers of imported adverts: invented, and nobody can sign in as one.</summary>
internal static class Dealers
{
    private static readonly (string Email, string Nickname, string Region)[] All =
    [
        ("moa-motors@example.invalid", "Moa & Daughters Motors", "Auckland"),
        ("tuatara-trade-ins@example.invalid", "Tuatara Trade-Ins", "Wellington"),
        ("kakapo-car-yard@example.invalid", "Kākāpō Car Yard", "Canterbury"),
        ("weka-wheels@example.invalid", "Weka Wheels", "Waikato"),
        ("pukeko-pre-owned@example.invalid", "Pūkeko Pre-Owned", "Otago"),
    ];

    private static readonly Guid[] Ids = [.. All.Select(d => RowKey.IdFrom(SHA256.HashData(Encoding.UTF8.GetBytes(d.Email))))];

    /// <summary>Who sells this row's car.</summary>
    public static Guid Of(RowKey row) => Ids[row.Seed % (ulong)Ids.Length];

    public static async Task Ensure(IImportedAccounts accounts, CancellationToken ct)
    {
        for (var i = 0; i < All.Length; i++) await accounts.Ensure(Ids[i], All[i].Email, All[i].Nickname, All[i].Region, ct);
    }
}
