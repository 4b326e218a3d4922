using KiwiCar.Identity;

namespace KiwiCar.Tests.Identity;

public class PhoneNumberTests
{
    [Theory]
    [InlineData("+64211234567", "+64211234567")]
    [InlineData("021 123 4567", "+64211234567")]
    [InlineData("021-123-4567", "+64211234567")]
    [InlineData("(021) 123 4567", "+64211234567")]
    [InlineData("+64 (0)21 123 4567", "+64211234567")]
    [InlineData("+64 021 123 4567", "+64211234567")]
    [InlineData("0064 21 123 4567", "+64211234567")]
    [InlineData("021\u00A0123\u00A04567", "+64211234567")]
    [InlineData("09 123 4567", "+6491234567")]
    [InlineData("0800 123 456", "+64800123456")]
    [InlineData("+61 412 345 678", "+61412345678")]
    [InlineData("0061 412 345 678", "+61412345678")]
    public void A_number_has_one_spelling(string written, string stored) => Assert.Equal(stored, PhoneNumber.Normalise(written));

    [Theory]
    [InlineData("")]
    [InlineData("211234567")]           // of which country?
    [InlineData("021 123")]
    [InlineData("+64 11 123 4567")]
    [InlineData("021 1234 5678 90")]
    [InlineData("+0 21 123 4567")]
    [InlineData("+1234567890123456")]
    [InlineData("call me")]
    [InlineData("021 123 4567 ext 9")]
    [InlineData("\u0660\u0662\u0661 123 4567")] // Arabic digits
    public void Anything_else_is_no_number(string text) => Assert.Null(PhoneNumber.Normalise(text));
}
