using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KiwiCar.BuildingBlocks.Events;
using KiwiCar.Host;

namespace KiwiCar.Tests;

/// <summary>What is in the log stays readable for ever: each stored name has a sample as it was first written, and nobody may change it.</summary>
public sealed class StoredEventsTests
{
    private static readonly IReadOnlyList<JsonTypeInfo> All = [.. Modules.All.SelectMany(m => m.Events)];
    private static readonly EventTypes Types = new(All);

    /// <summary>One line a stored name. Add, never edit.</summary>
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["listing_created"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","sellerId":"01939f00-0000-7000-8000-000000000002","plateNumber":"ABC123","make":"Toyota","model":"Corolla","year":2020,"mileage":45000,"price":25000,"description":"Well kept family car.","region":"Auckland","fuelType":"PETROL","transmission":"AUTOMATIC","bodyType":"Sedan","color":"Silver","vin":null,"photos":["01939f00-0000-7000-8000-000000000003"]}""",
        ["details_edited"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","sellerId":"01939f00-0000-7000-8000-000000000002","mileage":46000,"description":"Well kept family car, new tyres.","region":"Waikato","fuelType":"HYBRID","transmission":"MANUAL","bodyType":"Sedan","color":"Silver","photos":[]}""",
        ["mileage_corrected"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","sellerId":"01939f00-0000-7000-8000-000000000002","oldMileage":245000,"newMileage":46000,"reason":"A digit too many"}""",
        ["price_changed"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","oldPrice":25000,"newPrice":22000.50}""",
        ["sold"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","askingPrice":22000.50,"soldPrice":21500,"soldOn":"2026-11-20"}""",
        ["removed"] = """{"listingId":"01939f00-0000-7000-8000-000000000001"}""",
        ["draft_saved"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","sellerId":"01939f00-0000-7000-8000-000000000002","plateNumber":"ABC123","make":"Toyota","model":null,"year":2020,"mileage":null,"price":null,"description":"Well","region":null,"fuelType":"PETROL","transmission":null,"bodyType":null,"color":null,"vin":null,"photos":["01939f00-0000-7000-8000-000000000003"]}""",
        ["draft_discarded"] = """{"listingId":"01939f00-0000-7000-8000-000000000001"}""",
        ["seller_left"] = """{"listingId":"01939f00-0000-7000-8000-000000000001"}""",
        ["account_closed"] = """{"userId":"01939f00-0000-7000-8000-000000000002"}""",
        ["conversation_started"] = """{"conversationId":"01939f00-0000-7000-8000-000000000004","listingId":"01939f00-0000-7000-8000-000000000001","sellerId":"01939f00-0000-7000-8000-000000000002","buyerId":"01939f00-0000-7000-8000-000000000005","listingVersion":3}""",
        ["message_sent"] = """{"conversationId":"01939f00-0000-7000-8000-000000000004","messageId":"01939f00-0000-7000-8000-000000000006","listingId":"01939f00-0000-7000-8000-000000000001","senderId":"01939f00-0000-7000-8000-000000000005","receiverId":"01939f00-0000-7000-8000-000000000002","content":"Is it still there?","rings":true}""",
        ["messages_read"] = """{"conversationId":"01939f00-0000-7000-8000-000000000004","readerId":"01939f00-0000-7000-8000-000000000002","messageIds":["01939f00-0000-7000-8000-000000000006"]}""",
        ["relisted"] = """{"listingId":"01939f00-0000-7000-8000-000000000001","price":22000.50}""",
    };

    [Fact]
    public void Every_event_has_a_stored_sample_and_every_sample_an_event() =>
        Assert.Equal(Samples.Keys.Order(), Types.Names.Order());

    [Fact]
    public void Every_sample_reads_and_is_written_the_same()
    {
        foreach (var (name, sample) in Samples)
        {
            var e = Types.Read(name, Encoding.UTF8.GetBytes(sample));
            Assert.NotNull(e);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(sample), JsonNode.Parse(Types.Write(e))), name);
        }
    }

    [Fact]
    public void Every_event_is_handled_on_purpose_by_the_projection_of_its_module()
    {
        foreach (var module in Modules.All.Where(m => m.Projections.Any()))
        {
            var handled = module.Projections.SelectMany(p => p.Handles).ToHashSet();
            foreach (var info in module.Events) Assert.True(handled.Contains(info.Type), $"{info.Type.Name}: say .On<> or .Ignores<>");
        }
    }

    [Fact]
    public void A_name_that_is_not_known_reads_as_nothing() => Assert.Null(Types.Read("never_heard_of", "{}"u8));
}
