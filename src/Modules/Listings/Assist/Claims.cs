using System.Globalization;
using System.Text.RegularExpressions;
using KiwiCar.Listings.Contracts;

namespace KiwiCar.Listings.Assist;

/// <summary>
/// Whether a text about a car claims what its facts do not carry. A trader's claim must have a reasonable basis when it is made (Fair Trading Act 1986,
/// section 12A), and a private seller answers for what is false, whoever wrote it.
/// </summary>
internal static partial class Claims
{
    private const int Shortest = 50, Longest = 5_000;

    /// <summary>What is wrong with the text, in phrases of ours; empty where nothing is.</summary>
    /// <param name="today">The civil day in New Zealand.</param>
    public static IReadOnlyList<string> Unfounded(string text, CarFacts facts, DateOnly today)
    {
        var problems = new SortedSet<string>(StringComparer.Ordinal);
        var known = string.Join(" | ", facts.Words);
        if (text.Length is < Shortest or > Longest) problems.Add($"the length: write {Shortest} to {Longest} characters");
        if (Markup().IsMatch(text)) problems.Add("markup: write plain text");
        if (Contact().IsMatch(text)) problems.Add("contact details or web addresses");
        if (Numbers().Matches(text).Any(n => !IsFact(n, facts, known))) problems.Add("numbers that are not among the facts");
        if (NumberWords().Matches(text).Any(n => !Says(known, n.Value))) problems.Add("numbers in words that are not among the facts");
        if (Owners().Matches(text).Any(o => !IsOwners(o.Groups["count"].Value, facts.Owners) && !Says(known, o.Value))) problems.Add("the number of owners");
        if (Months().Matches(text).Any(m => !IsMonth(m.Value, facts) && !Says(known, m.Value))) problems.Add("dates that are not among the facts");
        if (Warrant().IsMatch(text) && !Holds(facts.WofExpiry, text, today, known)) problems.Add("the WOF");
        if (Registration().IsMatch(text) && !Holds(facts.RegoExpiry, text, today, known)) problems.Add("the registration");
        if (FreshPapers().IsMatch(text)) problems.Add("a new or long WOF or registration");
        if (ServiceHistory().IsMatch(text) && facts.ServiceHistory != true && !ServiceHistory().IsMatch(known)) problems.Add("the service history");
        if (Praise().Matches(text).Any(p => !Says(known, p.Value))) problems.Add("praise of condition, care, safety, reliability or value");
        if (Promises().Matches(text).Any(p => !Says(known, p.Value))) problems.Add("promises: warranty, finance, trade-ins, no accidents, no faults");
        if (Origin().Matches(text).Any(o => !Says(known, o.Value))) problems.Add("where the car comes from");
        if (Equipment().Matches(text).Any(e => !Says(known, e.Value))) problems.Add("equipment that is not among the features");
        if (Fuels().Matches(text).Any(f => !IsFuel(f.Value, facts.FuelType) && !Says(known, f.Value))) problems.Add("another fuel");
        if (Gearboxes().Matches(text).Any(g => !IsGearbox(g.Value, facts.Transmission) && !Says(known, g.Value))) problems.Add("another gearbox");
        if (Colours().Matches(text).Any(c => !Says(known, c.Value))) problems.Add("another colour");
        return [.. problems];
    }

    private static bool Says(string known, string words) => Plain(known).Contains(Plain(words), StringComparison.OrdinalIgnoreCase);

    private static string Plain(string text) => text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);

    private static bool IsFact(Match number, CarFacts f, string known)
    {
        var digits = Separators().Replace(number.Groups["digits"].Value, "");
        if (Says(known, number.Value.Trim()) || Numbers().Matches(known).Any(k => k.Groups["digits"].Value == number.Groups["digits"].Value)) return true;
        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return false;
        if (number.Groups["thousands"].Success) value *= 1_000;
        return value == f.Year || value == f.Mileage || value == f.EngineCc || value == f.Owners || (f.EngineCc is { } cc && value == Math.Round(cc / 1_000m, 1))
            || new[] { f.WofExpiry, f.RegoExpiry }.OfType<DateOnly>().Any(d => value == d.Day || value == d.Year || value == d.Month);
    }

    private static bool IsOwners(string count, int? owners) => owners is { } n && (count.ToLowerInvariant() switch
    {
        "one" or "single" => 1, "two" => 2, "three" => 3, "four" => 4, "five" => 5, var digits => int.TryParse(digits, out var value) ? value : -1,
    }) == n;

    private static bool IsMonth(string name, CarFacts f) => new[] { f.WofExpiry, f.RegoExpiry }.OfType<DateOnly>()
        .Any(d => CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(d.Month).StartsWith(name[..3], StringComparison.OrdinalIgnoreCase));

    // It may be told of where its date is known; of one that has expired only as expired.
    private static bool Holds(DateOnly? expiry, string text, DateOnly today, string known) =>
        expiry is { } day ? day >= today || Expired().IsMatch(text) : Warrant().IsMatch(known) || Registration().IsMatch(known);

    private static bool IsFuel(string word, FuelType? fuel)
    {
        return fuel switch
        {
            FuelType.PETROL => Is("petrol"),
            FuelType.DIESEL => Is("diesel"),
            FuelType.HYBRID => Is("hybrid") || Is("petrol"),
            FuelType.ELECTRIC => Is("electric") || Is("EV"),
            _ => false,
        };

        bool Is(string name) => word.Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsGearbox(string word, Transmission? gearbox) =>
        gearbox is { } known && word.StartsWith(known == Contracts.Transmission.AUTOMATIC ? "auto" : "manual", StringComparison.OrdinalIgnoreCase);

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
    private const int Milliseconds = 500; // a text has 5,000 characters, and no pattern runs back over itself

    [GeneratedRegex(@"<[^>]{1,200}>|\*\*|`|^\s{0,3}#|\]\(|&[a-z]{2,8};", Options | RegexOptions.Multiline, Milliseconds)]
    private static partial Regex Markup();

    [GeneratedRegex(@"https?:|www\.|\b[\w-]+\.(co\.nz|com|nz|net|org|io|app)\b|\S@\S|\bwhats?app\b|\b(phone|call|text|ring|email|e-mail) (me |us )?(on|at)\b", Options, Milliseconds)]
    private static partial Regex Contact();

    [GeneratedRegex(@"(?<digits>\d+([,  ]\d{3})*(\.\d+)?)(?<thousands>\s?(k\b(?!m)|thousand\b))?", Options, Milliseconds)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"[,  ]", Options, Milliseconds)]
    private static partial Regex Separators();

    [GeneratedRegex(@"\b((twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozen)s?|(two|three|four|five|six|seven|eight|nine|ten|twelve)[- ](seat|door|cylinder|speed|year|star|month|week|day|key|litre)\w*)\b", Options, Milliseconds)]
    private static partial Regex NumberWords();

    [GeneratedRegex(@"\b(?<count>one|single|two|three|four|five|\d{1,2})[- ](\w+[- ])?owners?\b", Options, Milliseconds)]
    private static partial Regex Owners();

    [GeneratedRegex(@"\b(january|february|march|april|may(?= \d)|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b", Options, Milliseconds)]
    private static partial Regex Months();

    [GeneratedRegex(@"\b(wof|warrant)\b", Options, Milliseconds)]
    private static partial Regex Warrant();

    [GeneratedRegex(@"\b(rego|registered|registration)\b", Options, Milliseconds)]
    private static partial Regex Registration();

    [GeneratedRegex(@"\bexpired\b", Options, Milliseconds)]
    private static partial Regex Expired();

    [GeneratedRegex(@"\b(new|fresh|long|full|brand[- ]new|recent)\s([\w-]+\s)?(wof|warrant|rego|registration)\b|\b(wof|warrant|rego|registration)\s(is\s)?(just\s)?(new|fresh|done|renewed)\b", Options, Milliseconds)]
    private static partial Regex FreshPapers();

    [GeneratedRegex(@"\bservice (history|records?|book)\b|\b(always|regularly|fully|recently|freshly|just|dealer|professionally) serviced\b|\bserviced (regularly|recently|every|on time|by)\b", Options, Milliseconds)]
    private static partial Regex ServiceHistory();

    [GeneratedRegex(@"\bwell[- ](maintained|kept|looked[- ]after|cared[- ]for|loved|preserved)\b|\b(meticulously|lovingly|carefully|properly) \w+ed\b|\bimmaculate\w*|\bpristine\b|\bspotless\w*|\bflawless\w*|\bmint\b|\b(as|like)[- ]new\b|\b(perfect|excellent|great|good|tidy|top|amazing|superb|fantastic|outstanding|exceptional|beautiful|lovely) (\w+ )?(condition|order|shape|choice|value|buy|car|deal|example|investment)\b|\bdrives? (perfectly|beautifully|like|great|well|superbly)\b|\bruns? (perfectly|beautifully|great|well|smoothly|like)\b|\breliab\w+|\bdependab\w+|\bsafe(ty|st|r)?\b|\bancap\b|\b\d[- ]star\b|\bfuel[- ]?(efficien\w+|saving)|\beconomical\b|\blow (mileage|kms?|kilomet\w+)\b|\bpeace of mind\b|\bbargain\b|\bcheap\w*|\bbest\b|\bunbeatable\b|\bmust[- ]see\b", Options, Milliseconds)]
    private static partial Regex Praise();

    [GeneratedRegex(@"\bwarrant(y|ies)\b|\bguarant\w+|\bfinance\b|\btrade[- ]?ins?\b|\bno (known )?(accidents?|faults?|issues?|problems?|rust|damage|money owing)\b|\b(accident|rust|fault|damage|trouble|problem)[- ]free\b|\bnever (been )?(in )?(an? )?(accident|crash|smash|crashed|damaged|smoked)\w*|\bnon[- ]smok\w+|\bsmoke[- ]free\b|\bmechanically\b|\bdeposit\b|\brefund\w*", Options, Milliseconds)]
    private static partial Regex Promises();

    [GeneratedRegex(@"\bnz[- ]new\b|\bnew zealand[- ]new\b|\bimport(ed|s)?\b|\bjapan(ese)?\b|\bex[- ](lease|fleet|rental|overseas)\b|\bgarag(ed|e[- ]kept)\b", Options, Milliseconds)]
    private static partial Regex Origin();

    [GeneratedRegex(@"\bleather\b|\bsun[- ]?roof\b|\bmoon[- ]?roof\b|\bbluetooth\b|\b(revers\w+|back-?up|rear|360) camera\b|\btow[- ]?bar\b|\balloys?\b|\b(sat[- ]?nav|navigation|gps)\b|\bcruise control\b|\bheated (front |rear )?seats?\b|\bkeyless\b|\bpark(ing)? (sensors?|assist)\b|\bcar ?play\b|\bandroid auto\b|\bair[- ]?con\w*|\bclimate control\b|\bair ?bags?\b|\babs\b|\bisofix\b|\b(4wd|awd|4x4|four[- ]wheel|all[- ]wheel)\b|\bturbo\w*|\broof racks?\b|\bcanopy\b|\btonneau\b|\bdash ?cam\b|\btint(ed|s)?\b|\belectric (windows?|mirrors?|seats?)\b|\bcentral locking\b|\busb\b|\btouch ?screen\b|\binfotainment\b|\bthird row\b|\bspare (key|wheel|tyre)s?\b|\bnew tyres?\b|\bcam ?belt\b|\btiming (belt|chain)\b", Options, Milliseconds)]
    private static partial Regex Equipment();

    [GeneratedRegex(@"\b(petrol|diesel|hybrid|electric(?! (windows?|mirrors?|seats?))|EV|plug-in|lpg)\b", Options, Milliseconds)]
    private static partial Regex Fuels();

    [GeneratedRegex(@"\b(automatic|auto|manual|cvt|tiptronic)\b(?! (emergency|wipers|headlights|book))", Options, Milliseconds)]
    private static partial Regex Gearboxes();

    [GeneratedRegex(@"\b(white|silver|gr[ea]y|black|blue|red|green|yellow|orange|brown|gold|purple|maroon|beige|pearl)\b", Options, Milliseconds)]
    private static partial Regex Colours();
}
