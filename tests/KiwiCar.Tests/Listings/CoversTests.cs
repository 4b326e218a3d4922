using KiwiCar.BuildingBlocks.Outside;
using KiwiCar.Listings.Search;
using Microsoft.Extensions.Logging.Abstractions;

namespace KiwiCar.Tests.Listings;

public sealed class CoversTests
{
    private static readonly Guid Photo = Guid.Parse("01939f00-0000-7000-8000-000000000003");
    private readonly Covers covers = new(new ImageFolder(Path.GetTempPath(), "http://localhost:3000", NullLogger<ImageFolder>.Instance));

    [Theory]
    [InlineData("https://cdn.example.co.nz/images/0c5a7a2e-9a3e-4c1b-8d8e-2f6f0b7a1c11.webp", "https://cdn.example.co.nz/images/0c5a7a2e-9a3e-4c1b-8d8e-2f6f0b7a1c11.webp")]
    [InlineData("https://cdn.example.co.nz/0C5A7A2E-9A3E-4C1B-8D8E-2F6F0B7A1C11.jpg?w=300", "https://cdn.example.co.nz/0C5A7A2E-9A3E-4C1B-8D8E-2F6F0B7A1C11.jpg?w=300")]
    [InlineData("http://example.co.nz/a.jpg", "http://example.co.nz/a.jpg")]
    [InlineData("images/0c5a7a2e-9a3e-4c1b-8d8e-2f6f0b7a1c11.webp", "http://localhost:3000/images/0c5a7a2e-9a3e-4c1b-8d8e-2f6f0b7a1c11.webp")]
    [InlineData(null, "http://localhost:3000/images/01939f00-0000-7000-8000-000000000003_thumb.webp")]
    public void A_cover_is_where_it_lies(string? address, string shown)
    {
        covers.Remember(Photo, address);
        Assert.Equal(shown, covers.Thumbnail(Photo));
    }

    [Theory]
    [InlineData("https://cdn.example.co.nz/a.webp", true)]
    [InlineData("images/a-1.webp", true)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("https://", false)]
    [InlineData("https://name:password@example.co.nz/a.webp", false)]
    [InlineData("../secrets", false)]
    [InlineData("", false)]
    public void A_row_may_say_a_web_address_or_a_key(string text, bool may) => Assert.Equal(may, IImageStorage.CanBe(text));
}
