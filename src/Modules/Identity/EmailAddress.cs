using System.Text;
using System.Text.RegularExpressions;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>
/// One spelling for each address, so that an account is found by whatever way its owner writes it and no look-alike opens it: trimmed,
/// lower case, ASCII only. Local parts outside ASCII are refused, and so are internationalised domains in letters: their ASCII form
/// (xn--…) is taken, but the program's culture is invariant and knows neither Unicode normalisation nor the full IDNA rules.
/// </summary>
internal static partial class EmailAddress
{
    private const int Longest = 191, LongestLocalPart = 64;

    public static string Read(Input body, string field)
    {
        var text = body.Text(field, max: 320);
        if (text.Length == 0) return text;
        if (TryNormalise(text, out var address, out var problem)) return address;
        body.Problem(field, problem);
        return text;
    }

    public static bool TryNormalise(string text, out string address, out string problem)
    {
        address = text.Trim();
        problem = WhyNot(address);
        address = address.ToLowerInvariant();
        return problem.Length == 0;
    }

    private static string WhyNot(string address)
    {
        var at = address.LastIndexOf('@');
        if (at <= 0 || at == address.Length - 1) return "must be an e-mail address as name@example.co.nz";
        var (local, domain) = (address[..at], address[(at + 1)..]);
        if (!Ascii.IsValid(local)) return "must have only English letters, digits and signs before the @";
        if (!Ascii.IsValid(domain)) return "must have its domain in ASCII; a domain with other letters has a form that begins with xn--";
        if (address.Length > Longest) return $"must have at most {Longest} characters";
        return local.Length <= LongestLocalPart && LocalPart.IsMatch(local) && domain.Length <= 253 && Domain.IsMatch(domain)
            ? "" : "must be an e-mail address as name@example.co.nz";
    }

    [GeneratedRegex(@"\A[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*\z", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex LocalPart { get; }

    // At least two labels, the last with a letter: 10.0.0.1 is no mail domain.
    [GeneratedRegex(@"\A([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Domain { get; }
}
