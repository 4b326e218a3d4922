using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Messaging;
using Xunit.Abstractions;
using static KiwiCar.Tests.Messaging.Talks;

namespace KiwiCar.Tests.Messaging;

public sealed class ConversationModelTests(ITestOutputHelper output)
{
    private const int Sequences = 2_000, CommandsEach = 40;
    private static readonly Guid[] People = [Seller, Buyer, Stranger];
    private readonly SortedDictionary<string, int> _outcomes = new(StringComparer.Ordinal);

    [Fact]
    public void Two_thousand_random_sequences_come_to_what_the_plain_rules_say()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        for (var i = 0; i < Sequences; i++) Play(new Random(seed + i), $"seed {seed}, sequence {i}");
        output.WriteLine(string.Join(", ", _outcomes.Select(o => $"{o.Value} x {o.Key}")));
        // Otherwise it would have compared nothing with nothing.
        Assert.Equal(["read", "read: NOT_FOUND", "sent", "sent and rings", "sent: NOT_FOUND", "sent: RECEIVER_HAS_NOT_WRITTEN", "sent: RECEIVER_NOT_SELLER"], _outcomes.Keys);
    }

    private void Play(Random random, string which)
    {
        var (plain, states) = (new PlainTalks(Listing, Seller), new Dictionary<Guid, Conversation>());
        for (var i = 0; i < CommandsEach; i++)
        {
            switch (random.Next(12))
            {
                case 0: plain.Status = Pick(random, Enum.GetValues<ListingStatus>()); break;
                case <= 7: Send(random, plain, states, $"{which}, command {i}"); break;
                default: Read(random, plain, states, $"{which}, command {i}"); break;
            }
            foreach (var buyer in plain.Buyers)
            {
                var state = states[Conversation.IdOf(Listing, buyer)];
                Assert.True((state.SellerId, state.BuyerId) == (Seller, buyer), $"{which}, command {i}");
                foreach (var person in (Guid[])[Seller, buyer])
                    Assert.True(plain.Unread(buyer, person).Select(m => m.Id).SequenceEqual(state.UnreadBy(person)), $"{which}, command {i}");
            }
        }
    }

    private void Send(Random random, PlainTalks plain, Dictionary<Guid, Conversation> states, string which)
    {
        var from = Pick(random, People);
        var to = Pick(random, [.. People.Where(p => p != from)]);
        var (message, id) = (Guid.CreateVersion7(), Conversation.IdOf(Listing, from == Seller ? to : from));
        var (refused, events) = Decide(states, id, state => SendMessage.Decide(state, id, from, new(to, Listing, ""), Corolla with { Status = plain.Status }, message));
        Assert.True(refused == plain.Send(message, from, to), $"{which}: {refused}");
        var sent = refused is null ? Assert.Single(events.OfType<MessageSent>()) : null;
        Assert.True(sent is null || sent.Rings == plain.With(from == Seller ? to : from)[^1].Rings, $"{which}: rings {sent?.Rings}");
        Count(refused is null ? sent!.Rings ? "sent and rings" : "sent" : $"sent: {refused}");
    }

    private void Read(Random random, PlainTalks plain, Dictionary<Guid, Conversation> states, string which)
    {
        var (reader, buyer) = (Pick(random, People), Pick(random, People[1..]));
        // A message of either side, read or not, or of the other conversation; one that never was; or all.
        Guid[] known = [.. People.SelectMany(plain.With).Select(m => m.Id), Guid.CreateVersion7()];
        Guid? upTo = random.Next(3) == 0 ? null : Pick(random, known);
        var id = Conversation.IdOf(Listing, buyer);
        var (refused, _) = Decide(states, id, state => MarkRead.Decide(state, id, reader, new(upTo)));
        Assert.True(refused == plain.Read(buyer, reader, upTo), $"{which}: {refused}");
        Count(refused is null ? "read" : $"read: {refused}");
    }

    private static (string? Refused, List<ConversationEvent> Events) Decide(Dictionary<Guid, Conversation> states, Guid id, Func<Conversation, IEnumerable<ConversationEvent>> decide)
    {
        var state = states.GetValueOrDefault(id, Conversation.Decider.Initial);
        try
        {
            var events = decide(state).ToList();
            if (events.Count > 0) states[id] = events.Cast<IEvent>().Aggregate(state, Conversation.Decider.Evolve);
            return (null, events);
        }
        catch (Rejection refusal)
        {
            return (refusal.Code, []);
        }
    }

    private void Count(string outcome) => _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;

    private static T Pick<T>(Random random, T[] values) => values[random.Next(values.Length)];
}
