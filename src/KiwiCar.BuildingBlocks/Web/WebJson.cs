using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>How answers are written: camel case, money as plain numbers, instants as JavaScript writes them.</summary>
public static class WebJson
{
    public static void Configure(JsonSerializerOptions options, IEnumerable<JsonSerializerContext> contexts)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new Amount());
        options.Converters.Add(new Instant());
        options.TypeInfoResolverChain.Insert(0, ErrorJson.Default);
        foreach (var context in contexts) options.TypeInfoResolverChain.Insert(0, context);
    }

    // 25000.00 from a DECIMAL(10,2) is written 25000.
    private sealed class Amount : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(decimal.IsInteger(value) ? decimal.Truncate(value) : value);
    }

    // 2026-01-15T00:00:00.000Z
    private sealed class Instant : JsonConverter<DateTimeOffset>
    {
        private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        {
            Span<char> text = stackalloc char[24];
            value.UtcDateTime.TryFormat(text, out var length, Format, CultureInfo.InvariantCulture);
            writer.WriteStringValue(text[..length]);
        }
    }
}
