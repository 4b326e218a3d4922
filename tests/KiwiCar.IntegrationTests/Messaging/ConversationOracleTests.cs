using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KiwiCar.Listings.Contracts;
using KiwiCar.Messaging;
using KiwiCar.Tests.Messaging;
using Xunit.Abstractions;

namespace KiwiCar.IntegrationTests.Messaging;

/// <summary>
/// Random messages of people who are sellers here and buyers there, about several adverts at once, over HTTP, beside the rules said plainly; after each round
/// everybody's lists, counts and pages are as those have it, and in the end the mails and a rebuild.
/// </summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class ConversationOracleTests(KiwiCarApp app, ITestOutputHelper output)
{
    private const int People = 4, Adverts = 6, Rounds = 12, CommandsEach = 15;
    private static readonly string[] Words = ["Kia ora", "$20,000?", "it's", "\"tow bar\"", "100%", "back\\slash", "Māori", "🚗", "\n", "<b>", "; DROP TABLE messages"];
    private readonly ConcurrentDictionary<string, int> outcomes = new(StringComparer.Ordinal);

    [Fact]
    public async Task What_people_see_of_random_conversations_is_what_the_plain_rules_say()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var people = await Task.WhenAll(Enumerable.Range(0, People).Select(_ => app.SignUp()));
        var adverts = await Task.WhenAll(Enumerable.Range(0, Adverts).Select(i => Advert(people[i % People], isDown: i % 2 == 0)));
        for (var round = 0; round < Rounds; round++)
        {
            var begin = seed + round * Adverts;
            await Task.WhenAll(adverts.Select((advert, i) => Play(advert, people, new Random(begin + i), $"seed {seed}, round {round}, advert {i}")));
            foreach (var person in people) await Compare(person, people, adverts, $"seed {seed}, round {round}");
        }
        output.WriteLine(string.Join(", ", outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Value} x {o.Key}")));
        // Otherwise it would have compared nothing with nothing.
        Assert.Equal(["read", "read: NOT_FOUND", "sent", "sent: NOT_FOUND", "sent: RECEIVER_HAS_NOT_WRITTEN", "sent: RECEIVER_NOT_SELLER"], outcomes.Keys.Order(StringComparer.Ordinal));
        await EachRingIsAMail(people, adverts);
        await app.RebuildChangesNoMessage();
    }

    private async Task<PlainTalks> Advert(Member seller, bool isDown)
    {
        var plain = new PlainTalks(await app.Listing(seller), seller.Id);
        if (!isDown) return plain;
        await (await seller.Http.Put($"/api/listings/{plain.Listing}/status", new { status = "REMOVED" })).Json();
        plain.Status = ListingStatus.REMOVED;
        return plain;
    }

    private async Task Play(PlainTalks plain, Member[] people, Random random, string which)
    {
        for (var i = 0; i < CommandsEach; i++)
        {
            switch (random.Next(12))
            {
                case 0: await ChangeStatus(plain, people.Single(p => p.Id == plain.Seller), Pick(random, ListingStatus.ACTIVE, ListingStatus.SOLD, ListingStatus.REMOVED)); break;
                case <= 7: await Send(plain, people, random, $"{which}, command {i}"); break;
                default: await Read(plain, people, random, $"{which}, command {i}"); break;
            }
        }
    }

    private static async Task ChangeStatus(PlainTalks plain, Member seller, ListingStatus status)
    {
        using var answer = await seller.Http.Put($"/api/listings/{plain.Listing}/status", new { status = $"{status}" });
        if (answer.StatusCode == HttpStatusCode.OK) plain.Status = status;
        else await Task.FromResult(answer).Refused(HttpStatusCode.Conflict, "INVALID_STATUS_CHANGE");
    }

    private async Task Send(PlainTalks plain, Member[] people, Random random, string which)
    {
        var from = Pick(random, people);
        var to = random.Next(2) == 0 && from.Id != plain.Seller ? plain.Seller : Pick(random, [.. people.Where(p => p != from)]).Id;
        var content = string.Join(' ', Enumerable.Range(0, 1 + random.Next(4)).Select(_ => Pick(random, Words)).Prepend("So"));
        using var answer = await from.Send(to, plain.Listing, content);
        var refused = await Refusal(answer, HttpStatusCode.Created);
        Assert.True(refused == plain.WhyNot(from.Id, to), $"{which}: {refused}");
        Count("sent", refused);
        if (refused is not null) return;
        var sent = Sent.Of(await answer.Json(HttpStatusCode.Created));
        plain.Send(sent.Id, from.Id, to, content.Trim(), sent.CreatedAt);
        Assert.True(sent.ConversationId == Conversation.IdOf(plain.Listing, from.Id == plain.Seller ? to : from.Id), which);
    }

    private async Task Read(PlainTalks plain, Member[] people, Random random, string which)
    {
        var (reader, buyer) = (Pick(random, people), Pick(random, [.. people.Where(p => p.Id != plain.Seller)]).Id);
        Guid[] known = [.. plain.With(buyer).Select(m => m.Id), Guid.NewGuid()];
        Guid? upTo = random.Next(3) == 0 ? null : Pick(random, known);
        using var answer = await reader.Read(Conversation.IdOf(plain.Listing, buyer), upTo);
        var refused = await Refusal(answer, HttpStatusCode.OK);
        Assert.True(refused == plain.Read(buyer, reader.Id, upTo), $"{which}: {refused}");
        Count("read", refused);
        if (refused is null) Assert.True((await answer.Json()).GetProperty("unreadCount").GetInt32() == plain.Unread(buyer, reader.Id).Count(), which);
    }

    private static async Task Compare(Member person, Member[] people, PlainTalks[] adverts, string which)
    {
        var talks = (from advert in adverts
                     from buyer in advert.Buyers
                     let id = Conversation.IdOf(advert.Listing, buyer)
                     let last = advert.With(buyer)[^1]
                     orderby last.At descending, $"{id}" descending
                     select (Id: id, Advert: advert, Buyer: buyer, Last: last)).ToList();
        var mine = talks.Where(t => t.Buyer == person.Id || t.Advert.Seller == person.Id).ToList();
        Assert.Equal(
            mine.Select(t => (which, t.Id, t.Buyer == person.Id ? t.Advert.Seller : t.Buyer, t.Advert.Listing, t.Last.Content, t.Last.At, t.Last.From == person.Id, t.Advert.Unread(t.Buyer, person.Id).Count())),
            (await person.Conversations()).Select(c => (which, c.Id(), c.GetProperty("otherUser").Id(), c.GetProperty("listing").Id(), Last(c, "content").GetString()!, Last(c, "createdAt").GetDateTimeOffset(),
                Last(c, "isFromMe").GetBoolean(), c.GetProperty("unreadCount").GetInt32())));
        Assert.Equal(mine.Sum(t => t.Advert.Unread(t.Buyer, person.Id).Count()), await person.Unread());
        foreach (var (id, advert, buyer, _) in mine)
        {
            var shown = await person.Conversation(id, "?limit=100");
            Assert.Equal($"{advert.Status}", shown.GetProperty("listing").GetProperty("status").GetString());
            Assert.Equal(
                advert.With(buyer).AsEnumerable().Reverse().Take(100).Select(m => (which, m.Id, m.From, m.To, m.Content, m.From == person.Id, m.IsRead, m.At)),
                shown.GetProperty("data").EnumerateArray().Select(m => (which, m.Id(), m.GetProperty("senderId").GetGuid(), m.GetProperty("receiverId").GetGuid(), m.GetProperty("content").GetString()!,
                    m.GetProperty("isFromMe").GetBoolean(), m.GetProperty("isRead").GetBoolean(), m.GetProperty("createdAt").GetDateTimeOffset())));
        }
        foreach (var (id, _, _, _) in talks.Except(mine).Take(2)) await person.Http.GetAsync($"/api/messages/conversations/{id}").Refused(HttpStatusCode.NotFound, "NOT_FOUND");
    }

    private async Task EachRingIsAMail(Member[] people, PlainTalks[] adverts)
    {
        var expected = adverts.SelectMany(a => a.Rung.Select(m => (people.Single(p => p.Id == m.To).Email, $"{Conversation.IdOf(a.Listing, m.Buyer)}"))).ToList();
        var receivers = people.Select(p => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{p.Id}"))));
        var (sent, unneeded) = (0L, 0L);
        for (var wait = 0; wait < 100 && sent < expected.Count; wait++)
        {
            await Task.Delay(100);
            await using var db = await app.Database.Open(default);
            (sent, unneeded) = await db.Single<(long, long)>("SELECT COUNT(*), COUNT(lastError) FROM outbox WHERE template = 'new-message' AND state = 'SENT' AND receiver IN @receivers", new { receivers }, default);
        }
        var mailed = app.Mails().Where(m => m.GetProperty("template").GetString() == "new-message" && people.Any(p => p.Email == m.GetProperty("to").GetString()))
            .Select(m => (m.GetProperty("to").GetString()!, m.GetProperty("data").GetProperty("conversationUrl").GetString()!.Split('/')[^1])).ToList();
        output.WriteLine($"{mailed.Count} mails, {unneeded} that were read before they left");
        Assert.Equal((expected.Count, expected.Count), (sent, mailed.Count + unneeded));
        foreach (var mail in mailed) Assert.True(expected.Remove(mail), $"nothing rang at {mail}, or less often");
    }

    private static JsonElement Last(JsonElement conversation, string field) => conversation.GetProperty("lastMessage").GetProperty(field);

    private static async Task<string?> Refusal(HttpResponseMessage answer, HttpStatusCode taken) =>
        answer.StatusCode == taken ? null : (await answer.Json(answer.StatusCode)).GetProperty("error").GetProperty("code").GetString();

    private void Count(string what, string? refused) => outcomes.AddOrUpdate(refused is null ? what : $"{what}: {refused}", 1, (_, n) => n + 1);

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
