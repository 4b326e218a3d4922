using KiwiCar.Identity;

namespace KiwiCar.Tests.Identity;

public class EmailAddressTests
{
    [Theory]
    [InlineData("user@example.com", "user@example.com")]
    [InlineData("  User.Name+cars@Example.CO.NZ\t", "user.name+cars@example.co.nz")]
    [InlineData("o'brien@example.co.nz", "o'brien@example.co.nz")]
    [InlineData("kia@XN--MORI-QSA.nz", "kia@xn--mori-qsa.nz")]
    public void An_address_has_one_spelling(string written, string stored)
    {
        Assert.True(EmailAddress.TryNormalise(written, out var address, out _));
        Assert.Equal(stored, address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("user")]
    [InlineData("user@")]
    [InlineData("@example.com")]
    [InlineData("user@localhost")]
    [InlineData("user@10.0.0.1")]
    [InlineData("user@-example.com")]
    [InlineData("user@example..com")]
    [InlineData(".user@example.com")]
    [InlineData("us..er@example.com")]
    [InlineData("us er@example.com")]
    [InlineData("a@b@example.com")]
    [InlineData("\"user\"@example.com")]
    [InlineData("user@example.com\r\nBcc: x@example.com")]
    [InlineData("user@example.com\n.nz")]
    public void What_is_no_address_is_refused(string text) => Assert.False(EmailAddress.TryNormalise(text, out _, out _));

    [Theory]
    [InlineData("\u212Aate@example.com")]       // Kelvin sign, lower case k
    [InlineData("stra\u00DFe@example.com")]
    [InlineData("jos\u00E9@example.com")]
    [InlineData("jose\u0301@example.com")]
    [InlineData("\uFF55ser@example.com")]       // full width u
    [InlineData("us\u200Ber@example.com")]      // zero width
    [InlineData("user@\u212Aiwi.nz")]
    [InlineData("user@\u0435xample.com")]       // Cyrillic e
    [InlineData("user@example\u3002com")]       // ideographic full stop
    [InlineData("user@m\u0101ori.nz")]
    public void Look_alikes_never_become_another_address(string text)
    {
        Assert.False(EmailAddress.TryNormalise(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void An_address_fits_its_column()
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 60), 3)) + ".nz";   // 185 characters
        Assert.True(EmailAddress.TryNormalise("abcde@" + domain, out _, out _));
        Assert.False(EmailAddress.TryNormalise("abcdef@" + domain, out _, out _));
        Assert.False(EmailAddress.TryNormalise(new string('x', 65) + "@example.com", out _, out _));
    }
}
