using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.BuildingBlocks.ReadModel;

namespace KiwiCar.Identity;

/// <summary>Where people's pictures lie. As with adverts the tables hold keys, and addresses are made from them when somebody asks.</summary>
internal sealed class Avatars(IImageStorage storage)
{
    public static string NewKey() => $"images/{Guid.CreateVersion7():D}.webp";

    public string? UrlOf(string? key) => key is null ? null : storage.AddressOf(key);

    public Task Put(string key, ReadOnlyMemory<byte> picture, CancellationToken ct) => storage.Put(key, picture, "image/webp", ct);

    /// <summary>A picture that lies elsewhere is not ours to delete.</summary>
    public Task Delete(string key, CancellationToken ct) => IImageStorage.IsAddress(key) ? Task.CompletedTask : storage.Delete(key, ct);
}

/// <summary>The pictures that people have.</summary>
internal sealed class AvatarOwner(Database database) : IPictureOwner
{
    public async Task<IEnumerable<string>> Owned(IReadOnlyCollection<string> keys, CancellationToken ct)
    {
        await using var db = await database.Open(ct);
        return await db.Query<string>("SELECT avatarUrl FROM users WHERE avatarUrl IN @keys", new { keys }, ct);
    }
}
