using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>One spelling for each number, E.164: "021 123 4567", "0064 21 123-4567" and "+64 (0)21 1234567" are +64211234567.</summary>
internal static partial class PhoneNumber
{
    /// <summary>The number of an optional field; null where it is absent or null.</summary>
    public static string? Read(Input body, string field)
    {
        if (!body.Has(field) || body.IsNull(field)) return null;
        var text = body.Text(field, max: 40);
        if (text.Length > 0 && Normalise(text) is null) body.Problem(field, "must be a phone number as 021 123 4567 or, from another country, +61412345678");
        return Normalise(text);
    }

    /// <summary>Null where this is no phone number. Without a country it is one of New Zealand.</summary>
    public static string? Normalise(string text)
    {
        var number = Separators.Replace(text.Trim().Replace("(0)", "", StringComparison.Ordinal), "");
        if (number.StartsWith("00", StringComparison.Ordinal)) number = string.Concat("+", number.AsSpan(2));
        else if (number.StartsWith('0')) number = string.Concat("+64", number.AsSpan(1));
        if (number.StartsWith("+640", StringComparison.Ordinal)) number = string.Concat("+64", number.AsSpan(4));
        return (number.StartsWith("+64", StringComparison.Ordinal) ? NewZealand : Abroad).IsMatch(number) ? number : null;
    }

    [GeneratedRegex(@"[ \u00a0.()/-]", RegexOptions.NonBacktracking)]
    private static partial Regex Separators { get; }

    // Area code 3, 4, 6, 7, 9 and seven digits; mobiles 2x with six to eight more; 800, 508 and 900 numbers.
    [GeneratedRegex(@"\A\+64[2-9][0-9]{7,9}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NewZealand { get; }

    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Abroad { get; }
}
