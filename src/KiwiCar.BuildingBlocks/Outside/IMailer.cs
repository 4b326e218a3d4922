using System.Text.Json;

namespace KiwiCar.BuildingBlocks.Outside;

/// <summary>The door through which mails leave.</summary>
public interface IMailer
{
    /// <summary>
    /// Hands the mail over. Throws <see cref="MailRefusedException"/> where another try is pointless, <see cref="MailDeferredException"/> where the mail was
    /// not taken now; after any other failure nobody knows whether it was.
    /// </summary>
    /// <param name="key">The outbox row's id: the same mail has the same key on every try.</param>
    Task Send(Guid key, Mail mail, CancellationToken ct);

    /// <summary>How long handing over one mail may take.</summary>
    TimeSpan Patience { get; }

    /// <summary>Whether handing the same mail over twice makes it one.</summary>
    bool KnowsTheKey => false;

    /// <summary>Whether word comes afterwards of the mails that were taken (<see cref="SendGridEvents"/>), so that no word means: not taken.</summary>
    bool SendsWord => false;

    /// <summary>Deletes what this side of the door still keeps of mails to an address.</summary>
    void Forget(string address) { }
}

/// <summary>
/// Completes the mails of one template at the moment they leave: with what must not lie in a table until then, as a link that opens an account, and with what
/// is true only then, as where somebody is written to and whether they want it.
/// </summary>
public interface IMailFinisher
{
    string Template { get; }

    /// <summary>The mail as it goes out; null where there is nobody to send it to any more. May be asked again for the same mail.</summary>
    ValueTask<Mail?> Finish(Mail draft, CancellationToken ct);
}

/// <summary>The provider will never take this mail.</summary>
public sealed class MailRefusedException(string message) : Exception(message);

/// <summary>The provider has not taken this mail, and may at another time.</summary>
/// <param name="retryAfter">Not before; null where it did not say.</param>
public sealed class MailDeferredException(string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>The local door: one JSON file a mail, named by its key, so that a second try replaces the first.</summary>
public sealed class MailFolder(string folder) : IMailer
{
    public TimeSpan Patience => TimeSpan.FromSeconds(10);

    public bool KnowsTheKey => true;

    public async Task Send(Guid key, Mail mail, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, $"{key:D}.json");
        await File.WriteAllBytesAsync(file + ".tmp", JsonSerializer.SerializeToUtf8Bytes(mail, MailJson.Default.Mail), ct);
        File.Move(file + ".tmp", file, overwrite: true);
    }

    /// <summary>The newest mails first, of one receiver or of all.</summary>
    public IReadOnlyList<Mail> Latest(string? to, int most) =>
        [.. All().OrderByDescending(m => m.File.LastWriteTimeUtc).Select(m => m.Mail).Where(m => to is null || m.To == to).Take(most)];

    public void Forget(string address)
    {
        foreach (var (file, mail) in All())
            if (mail.To == address) file.Delete();
    }

    private IEnumerable<(FileInfo File, Mail Mail)> All()
    {
        if (!Directory.Exists(folder)) yield break;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.json"))
            if (Read(file) is { } mail) yield return (file, mail);
    }

    private static Mail? Read(FileInfo file)
    {
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), MailJson.Default.Mail); }
        catch (FileNotFoundException) { return null; } // deleted meanwhile
    }
}
