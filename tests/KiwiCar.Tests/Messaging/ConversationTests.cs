using KiwiCar.Messaging;
using static KiwiCar.Tests.Messaging.Talks;

namespace KiwiCar.Tests.Messaging;

public sealed class ConversationTests
{
    [Fact]
    public void A_listing_and_buyer_have_one_conversation_and_it_is_nobody_elses()
    {
        Assert.Equal(Id, Conversation.IdOf(Listing, Buyer));
        Assert.Distinct([Id, Conversation.IdOf(Listing, Stranger), Conversation.IdOf(Seller, Buyer), Conversation.IdOf(Buyer, Listing)]);
    }

    // The ids stand in the log and in people's links: whoever changes how they are made splits every conversation in two.
    [Fact]
    public void The_id_is_made_as_it_always_was() =>
        Assert.Equal(Guid.Parse("38761e02-0a0d-5b61-9bd2-5f1392bb6a43"), Conversation.IdOf(Guid.Parse("01939f00-0000-7000-8000-000000000001"), Guid.Parse("01939f00-0000-7000-8000-000000000005")));
}
