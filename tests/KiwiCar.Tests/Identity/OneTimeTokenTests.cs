using KiwiCar.Identity;

namespace KiwiCar.Tests.Identity;

public class OneTimeTokenTests
{
    private static readonly OneTimeToken Tokens = new(TokensTests.Settings), Others = new(TokensTests.Settings with { RefreshSecret = TokensTests.Secret('s') });

    [Fact]
    public void A_token_is_256_bits_fit_for_an_address() =>
        Assert.All(Enumerable.Range(0, 100).Select(_ => Tokens.For(Guid.NewGuid())).ToHashSet(StringComparer.Ordinal), token => Assert.Matches(@"\A[A-Za-z0-9_-]{43}\z", token));

    [Fact]
    public void The_same_request_has_the_same_token_and_another_secret_another()
    {
        var request = Guid.NewGuid();
        Assert.Equal(Tokens.For(request), Tokens.For(request));
        Assert.NotEqual(Tokens.For(request), Tokens.For(Guid.NewGuid()));
        Assert.NotEqual(Tokens.For(request), Others.For(request));
    }

    [Fact]
    public void What_is_stored_is_its_SHA_256() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", OneTimeToken.HashOf("abc"));
}
