using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.Extensions.Configuration;

namespace KiwiCar.Identity;

/// <summary>
/// Hashes and checks passwords, bcrypt with cost 12. A hash costs a quarter of a second of a core, so two threads do them all, sixteen
/// callers may wait (two seconds, then), and the next is told to come back: a storm of logins cannot starve the readers.
/// </summary>
internal sealed class Passwords : IDisposable
{
    public const int LeastCharacters = 8, MostBytes = 72;
    private const int Threads = 2, MayWait = 16;

    private static readonly FrozenSet<string> Common = Resource.Text(typeof(Passwords), "CommonPasswords.txt")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly BlockingCollection<Action> queue = new(MayWait);
    private readonly int cost;
    private readonly string nobodysHash; // of no password at all: a login to no account takes as long as one to an account

    public Passwords(PasswordSettings settings)
    {
        cost = settings.Cost;
        nobodysHash = Bcrypt.NewSalt(cost);
        for (var i = 0; i < Threads; i++) QuietThread.Start($"Passwords {i + 1}", Work);
    }

    /// <summary>A new password from a request, by the rules.</summary>
    public static string ReadNew(Input body, string field)
    {
        // More characters than bytes allowed are always more bytes.
        var password = body.Text(field, LeastCharacters, MostBytes);
        if (password.Length > 0 && WhyNot(password) is { } reason) body.Problem(field, reason);
        return password;
    }

    /// <summary>A password that is to be compared. No account has a longer one, so a longer one is a mistake and not worth a hash.</summary>
    public static string Read(Input body, string field)
    {
        var password = body.Text(field, max: MostBytes);
        if (Encoding.UTF8.GetByteCount(password) > MostBytes) body.Problem(field, $"must have at most {MostBytes} bytes in UTF-8");
        return password;
    }

    /// <summary>What is wrong with a new password; null where nothing is.</summary>
    public static string? WhyNot(string password) =>
        password.Length < LeastCharacters ? $"must have at least {LeastCharacters} characters"
        : Encoding.UTF8.GetByteCount(password) > MostBytes ? $"must have at most {MostBytes} bytes in UTF-8 (letters outside English take two or more)"
        : password.Contains('\0', StringComparison.Ordinal) ? "must not contain U+0000"
        : Common.Contains(password) ? "is one of the commonest passwords, which are tried first by anybody; please choose another"
        : null;

    public Task<string> Hash(string password, CancellationToken ct) =>
        Run(() => Bcrypt.Hash(password, Bcrypt.NewSalt(cost))!, ct);

    /// <summary>Whether this is the password. Takes as long where there is no hash: nobody learns from the time who has an account.</summary>
    public Task<bool> Matches(string password, string? hash, CancellationToken ct) => Run(() =>
    {
        var salt = hash ?? nobodysHash;
        var same = Bcrypt.Hash(password, salt) is { } made && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(made), Encoding.ASCII.GetBytes(salt));
        return same && hash is not null;
    }, ct);

    public void Dispose() => queue.CompleteAdding(); // the threads end by themselves

    private Task<T> Run<T>(Func<T> work, CancellationToken ct)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var taken = queue.TryAdd(() =>
        {
            if (ct.IsCancellationRequested) { answer.TrySetCanceled(ct); return; } // the caller has gone
            try { answer.TrySetResult(work()); }
            catch (Exception e) { answer.TrySetException(e); }
        });
        return taken ? answer.Task : throw Rejection.Unavailable("Too many people are signing in at this moment");
    }

    private void Work()
    {
        foreach (var job in queue.GetConsumingEnumerable()) job();
    }
}

/// <summary>PASSWORD_COST, the bcrypt cost: 12, or more on faster machines. Less only where NODE_ENV is test or development: a test makes hundreds of accounts.</summary>
internal sealed class PasswordSettings
{
    private const int Usual = 12, Most = 16, LeastInTests = 4;

    public PasswordSettings(IConfiguration configuration)
    {
        var least = configuration["NODE_ENV"]?.ToLowerInvariant() is "test" or "development" ? LeastInTests : Usual;
        Cost = configuration["PASSWORD_COST"] is not { Length: > 0 } text ? Usual
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var cost) && cost >= least && cost <= Most ? cost
            : throw new InvalidOperationException($"PASSWORD_COST is \"{text}\"; write a number from {least} to {Most}.");
    }

    public int Cost { get; }
}
