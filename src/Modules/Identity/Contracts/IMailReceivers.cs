namespace KiwiCar.Identity.Contracts;

/// <summary>The kinds of mail that people may do without.</summary>
public enum MailKind { PriceAlerts, NewMessages, FavoriteSold }

/// <summary>Somebody who gets a mail of a kind.</summary>
/// <param name="Email">For the outbox only: never in an answer, an event or a log.</param>
/// <param name="UnsubscribeUrl">Signed: one POST there, and no more mails of that kind.</param>
public sealed record MailReceiver(Guid Id, string Email, string UnsubscribeUrl);

/// <summary>Who may be written to; always asked for many at once.</summary>
public interface IMailReceivers
{
    /// <summary>Those of them who are here, have verified their address, and want mails of this kind.</summary>
    Task<IReadOnlyDictionary<Guid, MailReceiver>> For(IReadOnlyCollection<Guid> ids, MailKind kind, CancellationToken ct);
}
