using System.Net;
using System.Text.Json;

namespace KiwiCar.IntegrationTests.Assist;

/// <summary>The price model behind the API, on the adverts that are there, and behind the command.</summary>
public sealed class EstimatePriceTests : IAsyncLifetime
{
    private readonly KiwiCarApp app = new();

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Adverts_teach_prices_which_are_explained_and_shown_on_adverts()
    {
        var seller = await app.SignUp();
        const string ask = "/api/ai/price-estimate?make=mazda&model=demio&year=2018&mileage=80000&transmission=AUTOMATIC";
        await Eventually(seller, ask, 404); // there is nothing to learn from
        var (random, ids) = (new Random(7), new List<Guid>());
        for (var i = 0; i < 60; i++)
        {
            var (year, mileage) = (2012 + random.Next(12), random.Next(10_000, 160_000));
            ids.Add(await app.Listing(seller, advert =>
            {
                (advert["make"], advert["model"], advert["year"], advert["mileage"]) = ("Mazda", "Demio", year, mileage);
                advert["price"] = Math.Round(9_000 + 800.0 * (year - 2012) - 0.02 * mileage + random.Next(-300, 300));
            }));
        }
        var estimate = await Eventually(seller, ask, 200);
        var price = estimate.GetProperty("priceRecommended").GetInt32();
        Assert.InRange(price, 10_500, 14_000); // 12,200 by the rule above
        Assert.True(estimate.GetProperty("priceMin").GetInt32() < price && price < estimate.GetProperty("priceMax").GetInt32());
        Assert.InRange(estimate.GetProperty("confidence").GetDouble(), 0.5, 1);
        Assert.Equal(price, estimate.GetProperty("factors").EnumerateArray().Sum(f => f.GetProperty("amount").GetInt32()));
        Assert.Matches(@"^[+-]?\$[\d,]+$", estimate.GetProperty("factors")[0].GetProperty("impact").GetString());
        Assert.InRange(estimate.GetProperty("marketComparison").GetProperty("similarListings").GetInt32(), 5, 60);

        // Its own advert at five times the price: on its page the estimate of the others stands, and what that makes of the price.
        await (await seller.Http.Put($"/api/listings/{ids[0]}", new { price = 90_000 })).Json();
        JsonElement page = default;
        for (var attempt = 0; attempt < 300 && !(page.ValueKind == JsonValueKind.Object && page.GetProperty("dealRating").ValueKind == JsonValueKind.Object); attempt++)
        {
            await Task.Delay(100);
            page = await app.Http.GetJson($"/api/listings/{ids[0]}");
        }
        Assert.InRange(page.GetProperty("aiPriceRecommended").GetInt32(), 5_000, 25_000);
        Assert.True(page.GetProperty("aiPriceAt").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-5));
        await seller.Http.GetAsync("/api/ai/price-estimate?make=Mazda&model=Demio&year=x").Refused(HttpStatusCode.BadRequest, "VALIDATION_ERROR");
        await seller.Http.GetAsync("/api/ai/price-estimate?make=None&model=None&year=2018&mileage=1").Refused(HttpStatusCode.NotFound, "NO_VALUATION");
    }

    [Fact]
    public async Task The_command_judges_itself_on_a_file_and_estimates_another()
    {
        var (random, folder) = (new Random(7), app.Folder);
        string Row(int i, bool priced)
        {
            var (model, year, mileage) = (random.Next(4), random.Next(2008, 2026), random.Next(1_000, 250_000));
            return $"{i},\"Make, {model % 2}\",Model {model},{year},{(priced ? $"{20_000 * Math.Exp(0.3 * model - 0.08 * (2026 - year) - 0.000_002 * mileage + 0.1 * (random.NextDouble() - 0.5)):0}" : "")},{mileage}";
        }
        await File.WriteAllLinesAsync(Path.Combine(folder, "cars.csv"), Enumerable.Range(0, 900).Select(i => Row(i, priced: true)).Prepend("ID,Make,model,YEAR,price,mileage"));
        await File.WriteAllLinesAsync(Path.Combine(folder, "unknown.csv"), Enumerable.Range(0, 50).Select(i => Row(i, priced: false)).Append("none,No such,Car,2020,,5").Prepend("id,make,model,year,price,mileage"));

        var (exit, output, error) = await HostProcess.Run(app.Settings, "estimate", "--evaluate", Path.Combine(folder, "cars.csv"), "--fields", "prd");
        Assert.True(exit == 0, error);
        Assert.InRange(Figure(output, @"MAPE +([\d.]+) %"), 1, 8); // the prices are scattered by up to 5 % both ways
        Assert.InRange(Figure(output, @"in the 85 % band +([\d.]+) %"), 70, 100);

        var into = Path.Combine(folder, "out.csv");
        (exit, _, error) = await HostProcess.Run(app.Settings, "estimate", "--train", Path.Combine(folder, "cars.csv"), "--test", Path.Combine(folder, "unknown.csv"), "--predictions", into);
        Assert.True(exit == 0, error);
        var lines = await File.ReadAllLinesAsync(into);
        Assert.Equal(("id,price,min,max", 52, "none,,,"), (lines[0], lines.Length, lines[^1]));
        Assert.All(lines[1..^1], line => Assert.True(line.Split(',') is [_, var price, var min, var max] && double.Parse(min) < double.Parse(price) && double.Parse(price) < double.Parse(max)));
        Assert.Contains("Give either --evaluate FILE", (await HostProcess.Run(app.Settings, "estimate")).Error, StringComparison.Ordinal);

        static double Figure(string text, string pattern) => double.Parse(System.Text.RegularExpressions.Regex.Match(text, pattern, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    // The log is read in the background, and learned from beside the answers.
    private static async Task<JsonElement> Eventually(Member member, string path, int status)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var answer = await member.Http.GetAsync(path);
            if ((int)answer.StatusCode == status || attempt > 300) return await answer.Json((HttpStatusCode)status);
            await Task.Delay(100);
        }
    }
}
