using KiwiCar.Listings.Contracts;
using KiwiCar.Messaging;
using static KiwiCar.Tests.Messaging.Talks;

namespace KiwiCar.Tests.Messaging;

public sealed class SendMessageTests
{
    private static readonly SendMessage.Request Question = new(Seller, Listing, "Is it still there?"), Answer = new(Buyer, Listing, "It is.");

    private static IEnumerable<ConversationEvent> Ask(Conversation state, Guid message, ListingCardInfo? about = null) => SendMessage.Decide(state, Id, Buyer, Question, about ?? Corolla, message);

    private static IEnumerable<ConversationEvent> Reply(Conversation state, Guid message, ListingCardInfo? about = null) => SendMessage.Decide(state, Id, Seller, Answer, about ?? Corolla, message);

    [Fact]
    public void The_first_message_begins_a_conversation_that_knows_what_the_buyer_had_read() =>
        Given().When(state => Ask(state, First)).Then(Started, FromBuyer(First));

    [Fact]
    public void The_second_goes_on_in_it() =>
        Given(Started, FromBuyer(First)).When(state => Ask(state, Second, Corolla with { Version = 9 })).Then(FromBuyer(Second, rings: false));

    [Fact]
    public void The_seller_answers_who_has_written() =>
        Given(Started, FromBuyer(First)).When(state => Reply(state, Second)).Then(FromSeller(Second));

    [Fact]
    public void The_seller_does_not_begin() =>
        Given().When(state => Reply(state, First)).ThenRejected("RECEIVER_HAS_NOT_WRITTEN");

    [Fact]
    public void Nor_does_the_advert_of_a_sold_or_removed_car_let_the_seller_begin()
    {
        foreach (var status in Enum.GetValues<ListingStatus>())
            Given().When(state => Reply(state, First, Corolla with { Status = status })).ThenRejected("RECEIVER_HAS_NOT_WRITTEN");
    }

    [Fact]
    public void About_an_advert_one_writes_to_its_seller_and_to_nobody_else()
    {
        Given().When(state => SendMessage.Decide(state, Id, Buyer, Question with { ReceiverId = Stranger }, Corolla, First)).ThenRejected("RECEIVER_NOT_SELLER");
        Given(Started, FromBuyer(First)).When(state => SendMessage.Decide(state, Id, Buyer, Question with { ReceiverId = Stranger }, Corolla, Second)).ThenRejected("RECEIVER_NOT_SELLER");
    }

    [Fact]
    public void Of_a_sold_car_one_may_still_ask() =>
        Given().When(state => Ask(state, First, Corolla with { Status = ListingStatus.SOLD })).Then(Started, FromBuyer(First));

    [Theory]
    [InlineData(ListingStatus.REMOVED), InlineData(ListingStatus.DRAFT)]
    public void An_advert_that_nobody_sees_begins_nothing(ListingStatus status) =>
        Given().When(state => Ask(state, First, Corolla with { Status = status })).ThenRejected("NOT_FOUND");

    [Fact]
    public void A_conversation_goes_on_when_the_advert_is_taken_down()
    {
        var removed = Corolla with { Status = ListingStatus.REMOVED };
        Given(Started, FromBuyer(First)).When(state => Ask(state, Second, removed)).Then(FromBuyer(Second, rings: false));
        Given(Started, FromBuyer(First)).When(state => Reply(state, Second, removed)).Then(FromSeller(Second));
    }

    [Fact]
    public void A_mail_rings_once_until_all_is_read()
    {
        Given(Started, FromBuyer(First), FromBuyer(Second)).When(state => Ask(state, Third)).Then(FromBuyer(Third, rings: false));
        Given(Started, FromBuyer(First), FromBuyer(Second), ReadBy(Seller, First)).When(state => Ask(state, Third)).Then(FromBuyer(Third, rings: false));
        Given(Started, FromBuyer(First), FromBuyer(Second), ReadBy(Seller, First, Second)).When(state => Ask(state, Third)).Then(FromBuyer(Third));
    }

    [Fact]
    public void To_answer_is_not_to_read() =>
        Given(Started, FromBuyer(First), FromSeller(Second)).When(state => Ask(state, Third)).Then(FromBuyer(Third, rings: false));

    [Fact]
    public void What_one_side_has_not_read_keeps_no_mail_from_the_other() =>
        Given(Started, FromBuyer(First), FromSeller(Second), ReadBy(Buyer, Second)).When(state => Reply(state, Third)).Then(FromSeller(Third));
}
