namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>Where pictures lie and how clients reach them.</summary>
public interface IImageStorage
{
    /// <summary>
    /// Stores an object; storing the same key again replaces it. Returns only when it is safe. Whoever stores pictures says which are
    /// theirs (<see cref="IPictureOwner"/>): what nobody owns is swept away a day later.
    /// </summary>
    /// <param name="key"><c>images/{id}.webp</c></param>
    Task Put(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken ct);

    /// <summary>Removes an object; none there is fine.</summary>
    Task Delete(string key, CancellationToken ct);

    /// <summary>The public address of an object.</summary>
    string UrlOf(string key);

    /// <summary>The objects whose key begins so, in no particular order; what comes or goes meanwhile may be among them or not.</summary>
    IAsyncEnumerable<StoredPicture> List(string prefix, CancellationToken ct);

    /// <summary>Where a picture is, whose row has its key or, since it moved in from elsewhere, its whole address.</summary>
    sealed string AddressOf(string keyOrAddress) => IsAddress(keyOrAddress) ? keyOrAddress : UrlOf(keyOrAddress);

    /// <summary>Whether this is an <c>http(s)://</c> address, and so no key.</summary>
    static bool IsAddress(string text) =>
        text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a row that moves in may say that its picture lies there: a web address, or a key as ours are.</summary>
    static bool CanBe(string keyOrAddress) => keyOrAddress.Length is > 0 and <= 191
        && (IsAddress(keyOrAddress) ? Uri.TryCreate(keyOrAddress, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && uri.Host.Length > 0 : ImageKey.IsOne(keyOrAddress));
}

/// <summary>An object of the storage.</summary>
/// <param name="StoredAt">By the storage's own clock.</param>
public sealed record StoredPicture(string Key, DateTimeOffset StoredAt);

/// <summary>A module that keeps pictures in the storage.</summary>
public interface IPictureOwner
{
    /// <summary>Those of <paramref name="keys"/> (some hundreds, of any form) that it has a row for.</summary>
    Task<IEnumerable<string>> Owned(IReadOnlyCollection<string> keys, CancellationToken ct);
}
