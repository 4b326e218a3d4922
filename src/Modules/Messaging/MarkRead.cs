using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KiwiCar.Messaging;

internal static class MarkRead
{
    private const int AnEvent = 1_000;

    /// <param name="UpTo">The last message that was seen; what came after it stays unread. Left out: all.</param>
    public sealed record Request(Guid? UpTo);

    public sealed record Response(Guid Id, int UnreadCount);

    public static Request Validate(Input body) => new(body.Has("upTo") && !body.IsNull("upTo") ? body.Id("upTo") : null);

    public static IEnumerable<ConversationEvent> Decide(Conversation state, Guid id, Guid reader, Request r)
    {
        state.MustInclude(reader);
        var unread = state.UnreadBy(reader);
        // A message that is read already, or one's own, marks nothing.
        var seen = r.UpTo is { } last ? unread.Take(unread.IndexOf(last) + 1) : unread;
        return seen.Chunk(AnEvent).Select(some => new MessagesRead(id, reader, some));
    }

    public static async Task<Ok<Response>> Handle(Guid id, CurrentUser user, EventStore store, HttpContext http, CancellationToken ct)
    {
        var request = (await Input.Optional(http))?.Read(Validate) ?? new Request(null);
        var left = 0;
        await store.Transact(Conversation.Decider, id, state =>
        {
            var events = Decide(state, id, user.Id, request).ToList();
            left = events.Cast<IEvent>().Aggregate(state, Conversation.Decider.Evolve).UnreadBy(user.Id).Count;
            return events;
        }, ct);
        return TypedResults.Ok(new Response(id, left));
    }
}
