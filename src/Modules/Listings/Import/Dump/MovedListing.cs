using System.Text.Json.Nodes;
using KiwiCar.BuildingBlocks;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.BuildingBlocks.Web;
using KiwiCar.Listings.Contracts;
using KiwiCar.Listings.Images;

namespace KiwiCar.Listings.Import.Dump;

/// <summary>
/// A row of <c>listings</c> as the history that led to it, decided as the API decides, each event at the time it happened. Where the tables
/// contradict each other a rule applies (docs/operations.md), and is noted.
/// </summary>
internal sealed record MovedListing(Guid Id, Guid SellerId, IReadOnlyList<Dated> Events, IReadOnlyList<DumpPhoto> Photos, IReadOnlyList<string> Notes)
{
    public static readonly IReadOnlyList<string> Columns = ["id", "userId", "plateNumber", "make", "model", "year", "mileage", "price", "description", "status", "region",
        "fuelType", "transmission", "bodyType", "color", "createdAt", "updatedAt"];

    private static readonly string[] Texts = ["plateNumber", "make", "model", "description", "aiDescription", "region", "fuelType", "transmission", "bodyType", "color", "vin"];

    /// <exception cref="Rejection">400, naming each field for which the API would not take this listing.</exception>
    public static MovedListing Of(DumpRow row, IReadOnlyList<DumpPrice> prices, IReadOnlyList<DumpPhoto> photos, DateTimeOffset now)
    {
        if ((row.Id("id"), row.Id("userId"), row.Time("createdAt"), row.Time("updatedAt"), row.Amount("price")) is not ({ } id, { } seller, { } created, { } updated, { } price))
            throw Rejection.Invalid("id, userId, createdAt, updatedAt, price", "one of them is not what it should be");
        var history = new Making(id, seller, now);
        if (row["status"] == nameof(ListingStatus.DRAFT)) return DraftOf(row, history, price, prices, photos, created, updated);
        if (prices.Count == 0) history.Notes.Add("no price in price_history: its price holds from createdAt on");
        else if (prices[0].ChangedAt != created) history.Notes.Add("the first price is not of createdAt: it is put there");
        history.Create(RequestOf(row, prices.Count > 0 ? prices[0].Price : price, photos), photos, created, prices.Count > 0 ? prices[0].Id : null);
        foreach (var next in prices.Skip(1)) history.Price(next.Price, next.ChangedAt, next.Id);
        if (history.State.Price != price)
        {
            history.Notes.Add("the price is not the last of its history: changed to it at updatedAt");
            history.Price(price, updated, null);
        }
        history.Close(row["status"], updated);
        if (history.Last != updated) history.Notes.Add("updatedAt is not the time of a recorded change: it becomes that of the last one");
        return new MovedListing(id, seller, history.Events, photos, history.Notes);
    }

    // What it said in between nobody knows: begun empty, and saved as it is when it was last changed.
    private static MovedListing DraftOf(
        DumpRow row, Making history, decimal price, IReadOnlyList<DumpPrice> prices, IReadOnlyList<DumpPhoto> photos, DateTimeOffset created, DateTimeOffset updated)
    {
        if (prices.Count > 0) history.Notes.Add("prices of a draft: not taken, nobody has seen them");
        if (updated != created) history.Keep([], [], created);
        history.Keep(RequestOf(row, price, photos), photos, updated);
        return new MovedListing(history.Id, history.Seller, history.Events, photos, history.Notes);
    }

    private static JsonObject RequestOf(DumpRow row, decimal price, IReadOnlyList<DumpPhoto> photos)
    {
        var request = new JsonObject { ["price"] = price, ["images"] = new JsonArray([.. photos.Select(p => (JsonNode)p.Id.ToString())]) };
        foreach (var field in Texts)
            if (row[field] is { } text) request[field] = text;
        foreach (var field in (string[])["year", "mileage"])
            if (row[field] is { } text) request[field] = row.Amount(field) is { } number ? JsonValue.Create(number) : JsonValue.Create(text);
        return request;
    }

    private sealed class Making(Guid id, Guid seller, DateTimeOffset now)
    {
        public Guid Id => id;
        public Guid Seller => seller;
        public Listing State { get; private set; } = Listing.Decider.Initial;
        public List<Dated> Events { get; } = [];
        public List<string> Notes { get; } = [];
        public DateTimeOffset Last { get; private set; } = DateTimeOffset.MinValue;

        public void Create(JsonObject body, IReadOnlyList<DumpPhoto> photos, DateTimeOffset at, Guid? eventId)
        {
            var request = Input.Of(body).Read(b => CreateListing.Validate(b, now, leastPhotos: 0));
            Add(CreateListing.Decide(State, id, seller, request).Cast<ListingCreated>().Select(e => e with { PhotoAddresses = Elsewhere(photos) }), at, eventId);
        }

        public void Keep(JsonObject body, IReadOnlyList<DumpPhoto> photos, DateTimeOffset at)
        {
            var draft = Input.Of(body).Read(b => Draft.Read(b, Draft.Empty, now));
            Add(SaveDraft.Decide(State, id, seller, draft).Cast<DraftSaved>().Select(e => e with { PhotoAddresses = Elsewhere(photos) }), at, null);
        }

        public void Price(decimal price, DateTimeOffset at, Guid? eventId)
        {
            var request = Input.Of(new JsonObject { ["price"] = price }).Read(b => UpdateListing.Validate(b, now));
            if (!Add(UpdateListing.Decide(State, id, seller, request), at, eventId)) Notes.Add("the same price twice in a row: taken once");
        }

        public void Close(string? status, DateTimeOffset at)
        {
            var request = Input.Of(new JsonObject { ["status"] = status }).Read(b => ChangeStatus.Validate(b, now));
            Add(ChangeStatus.Decide(State, id, seller, request, now), at, null);
        }

        private static Dictionary<Guid, string>? Elsewhere(IReadOnlyList<DumpPhoto> photos) =>
            photos.Where(p => p.Address != PhotoKeys.Full(p.Id)).ToDictionary(p => p.Id, p => p.Address) is { Count: > 0 } addresses ? addresses : null;

        // Time does not run backwards in a stream.
        private bool Add(IEnumerable<ListingEvent> decided, DateTimeOffset at, Guid? eventId)
        {
            if (at < Last) Notes.Add("a change is older than the one before it: put at the time of that one");
            var before = Events.Count;
            foreach (var e in decided)
            {
                Last = at > Last ? at : Last;
                Events.Add(new Dated(e, Last, eventId));
                State = Listing.Decider.Evolve(State, e);
            }
            return Events.Count > before;
        }
    }
}
