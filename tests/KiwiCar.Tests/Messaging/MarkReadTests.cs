using KiwiCar.Messaging;
using static KiwiCar.Tests.Messaging.Talks;

namespace KiwiCar.Tests.Messaging;

public sealed class MarkReadTests
{
    private static readonly MarkRead.Request All = new(null);

    private static MarkRead.Request UpTo(Guid message) => new(message);

    private static IEnumerable<ConversationEvent> BySeller(Conversation state, MarkRead.Request r) => MarkRead.Decide(state, Id, Seller, r);

    [Fact]
    public void Everything_unread_is_read_the_oldest_first() =>
        Given(Started, FromBuyer(First), FromBuyer(Second), FromBuyer(Third)).When(state => BySeller(state, All)).Then(ReadBy(Seller, First, Second, Third));

    [Fact]
    public void Each_side_reads_what_the_other_wrote()
    {
        Given(Started, FromBuyer(First), FromSeller(Second)).When(state => BySeller(state, All)).Then(ReadBy(Seller, First));
        Given(Started, FromBuyer(First), FromSeller(Second)).When(state => MarkRead.Decide(state, Id, Buyer, All)).Then(ReadBy(Buyer, Second));
    }

    [Fact]
    public void What_came_after_the_last_one_seen_stays_unread()
    {
        Given(Started, FromBuyer(First), FromBuyer(Second), FromBuyer(Third)).When(state => BySeller(state, UpTo(Second))).Then(ReadBy(Seller, First, Second));
        Given(Started, FromBuyer(First), FromBuyer(Second), ReadBy(Seller, First), FromBuyer(Third)).When(state => BySeller(state, UpTo(Second))).Then(ReadBy(Seller, Second));
    }

    [Fact]
    public void Reading_twice_is_reading_once()
    {
        Given(Started, FromBuyer(First), ReadBy(Seller, First)).When(state => BySeller(state, All)).ThenNothing();
        Given(Started, FromBuyer(First), FromBuyer(Second), ReadBy(Seller, First)).When(state => BySeller(state, UpTo(First))).ThenNothing();
    }

    [Fact]
    public void Up_to_ones_own_message_or_none_of_this_conversation_marks_nothing()
    {
        Given(Started, FromBuyer(First), FromSeller(Second)).When(state => BySeller(state, UpTo(Second))).ThenNothing();
        Given(Started, FromBuyer(First)).When(state => BySeller(state, UpTo(Third))).ThenNothing();
    }

    [Fact]
    public void Where_nobody_has_written_to_one_there_is_nothing_to_read() =>
        Given(Started, FromBuyer(First)).When(state => MarkRead.Decide(state, Id, Buyer, All)).ThenNothing();

    [Fact]
    public void Of_other_peoples_conversations_nobody_learns_that_there_are_any()
    {
        Given(Started, FromBuyer(First)).When(state => MarkRead.Decide(state, Id, Stranger, All)).ThenRejected("NOT_FOUND");
        Given().When(state => MarkRead.Decide(state, Id, Buyer, All)).ThenRejected("NOT_FOUND");
        Given().When(state => MarkRead.Decide(state, Id, Guid.Empty, All)).ThenRejected("NOT_FOUND"); // whom the state before the first event names
    }

    [Fact]
    public void Thousands_of_messages_are_several_events()
    {
        Guid[] many = [.. Enumerable.Range(0, 2_300).Select(_ => Guid.CreateVersion7())];
        Given([Started, .. many.Select(id => FromBuyer(id))]).When(state => BySeller(state, All))
            .Then(ReadBy(Seller, many[..1_000]), ReadBy(Seller, many[1_000..2_000]), ReadBy(Seller, many[2_000..]));
    }
}
