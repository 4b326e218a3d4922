using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using KiwiCar.IntegrationTests.Messaging;

namespace KiwiCar.IntegrationTests.Ops;

/// <summary>A real Prisma client, generated from the PRD's own schema, reads our tables.</summary>
[Collection(nameof(KiwiCarCollection))]
public sealed class PrismaTests(KiwiCarApp app)
{
    [Fact]
    public async Task Prisma_reads_listings_with_images_and_prices_users_favourites_and_messages()
    {
        var (seller, buyer) = (await app.SignUp(), await app.SignUp());
        var id = await app.Listing(seller);
        await (await buyer.Http.PostAsJsonAsync("/api/favorites", new { listingId = id, priceAlert = true, targetPrice = 20_000 })).Json(System.Net.HttpStatusCode.Created);
        await (await seller.Http.Put($"/api/listings/{id}", new { price = 22_000.5m })).Json();
        var asked = await buyer.Write(seller.Id, id, "Kia ora! Is it still there? 🚗");
        await (await seller.Read(asked.ConversationId)).Json();
        var answered = await seller.Write(buyer.Id, id, "It is.");

        var read = await Prisma();
        var listing = read.GetProperty("listings").EnumerateArray().Single(l => l.GetProperty("id").GetString() == $"{id}");
        Assert.Equal("22000.5", listing.GetProperty("price").GetString());
        Assert.Equal("ACTIVE", listing.GetProperty("status").GetString());
        Assert.Equal("PETROL", listing.GetProperty("fuelType").GetString());
        Assert.Equal(3, listing.GetProperty("images").GetArrayLength());
        Assert.Equal(["22000.5", "25000"], listing.GetProperty("priceHistory").EnumerateArray().Select(p => p.GetProperty("price").GetString()).Order());
        Assert.Equal((await app.Http.GetJson($"/api/listings/{id}")).GetProperty("createdAt").GetString(), listing.GetProperty("createdAt").GetString());
        Assert.True(read.GetProperty("users").EnumerateArray().Single(u => u.GetProperty("id").GetString() == $"{seller.Id}").GetProperty("isVerified").GetBoolean());
        Assert.Equal("20000", read.GetProperty("favorites").EnumerateArray().Single(f => f.GetProperty("userId").GetString() == $"{buyer.Id}").GetProperty("targetPrice").GetString());

        var messages = read.GetProperty("messages").EnumerateArray().Where(m => m.GetProperty("listingId").GetString() == $"{id}").ToDictionary(m => m.Id());
        Assert.Equal(2, messages.Count);
        Assert.Equal(("Kia ora! Is it still there? 🚗", true), (messages[asked.Id].GetProperty("content").GetString(), messages[asked.Id].GetProperty("isRead").GetBoolean()));
        Assert.Equal(("It is.", false), (messages[answered.Id].GetProperty("content").GetString(), messages[answered.Id].GetProperty("isRead").GetBoolean()));
        Assert.Equal(asked.CreatedAt, messages[asked.Id].GetProperty("createdAt").GetDateTimeOffset());
        // Through the schema's own relations.
        Assert.Equal((buyer.Email, seller.Email, "Corolla"), (messages[asked.Id].GetProperty("sender").GetProperty("email").GetString(),
            messages[asked.Id].GetProperty("receiver").GetProperty("email").GetString(), messages[asked.Id].GetProperty("listing").GetProperty("model").GetString()));
    }

    private async Task<JsonElement> Prisma()
    {
        var folder = Environment.GetEnvironmentVariable("KIWICAR_TEST_NODE_MODULES") ?? throw new InvalidOperationException("KIWICAR_TEST_NODE_MODULES is not set: run the tests with ./dev test");
        using var node = Process.Start(new ProcessStartInfo("node", ["read-models.mjs"])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["DATABASE_URL"] = app.Settings["DATABASE_URL"] },
        })!;
        var (output, error) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(node.ExitCode == 0, await error);
        return JsonDocument.Parse(await output).RootElement;
    }
}
