using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace KiwiCar.BuildingBlocks.Events;

/// <summary>Which stored name belongs to which event class, and how it is read and written (source generated, no reflection per event).</summary>
public sealed class EventTypes
{
    private readonly FrozenDictionary<string, Stored> byName;
    private readonly FrozenDictionary<Type, Stored> byType;

    /// <param name="events">The modules' events. Two events with one stored name, or one without a name, stop the start; so does personal text of nobody.</param>
    /// <param name="keys">By which personal text is encrypted; without them it is written as it is, which only tests do.</param>
    public EventTypes(IEnumerable<JsonTypeInfo> events, PersonKeys? keys = null)
    {
        Keys = keys;
        var all = events.Select(info => Stored.Of(info, keys)).ToList();
        byName = all.ToFrozenDictionary(x => x.Name, StringComparer.Ordinal);
        byType = all.ToFrozenDictionary(x => x.Info.Type);
    }

    public IEnumerable<string> Names => byName.Keys;

    internal PersonKeys? Keys { get; }

    public string NameOf(IEvent e) => byType[e.GetType()].Name;

    /// <summary>Whose personal text the event holds; null where it holds none.</summary>
    public Guid? PersonOf(IEvent e) => Keys is null ? null : byType[e.GetType()].PersonOf?.Invoke(e);

    /// <summary>The event as it is stored. The key of <see cref="PersonOf"/> must be there.</summary>
    public byte[] Write(IEvent e) => JsonSerializer.SerializeToUtf8Bytes(e, byType[e.GetType()].Info);

    /// <summary>The event, or null where this program does not know its stored name or cannot read what is stored under it.</summary>
    public IEvent? Read(string name, ReadOnlySpan<byte> json)
    {
        if (!byName.TryGetValue(name, out var stored)) return null;
        try { return (IEvent?)JsonSerializer.Deserialize(json, stored.Info); }
        catch (JsonException) { return null; } // written by a newer version, say; whoever needs it parks it
    }

    private sealed record Stored(string Name, JsonTypeInfo Info, Func<IEvent, Guid>? PersonOf)
    {
        public static Stored Of(JsonTypeInfo info, PersonKeys? keys)
        {
            var name = info.Type.GetCustomAttribute<EventNameAttribute>()?.Name ?? throw new InvalidOperationException($"{info.Type} has no [EventName]");
            var personal = info.Properties.Where(p => Has<PersonalAttribute>(p)).ToList();
            if (personal.Count == 0) return new(name, info, null);
            if (info.Properties.Where(p => Has<PersonAttribute>(p)).ToList() is not [{ Get: { } person }] || personal.Exists(p => p.PropertyType != typeof(string)))
                throw new InvalidOperationException($"{info.Type} has [Personal] text: it needs exactly one [Person] that says whose, and the text must be a string");
            return new(name, keys is null ? info : Encrypted(info, keys), e => (Guid)person(e)!);
        }

        // The same contract, in which the personal properties are written as ciphertext and read back.
        private static JsonTypeInfo Encrypted(JsonTypeInfo info, PersonKeys keys) =>
            new JsonSerializerOptions(info.Options) { TypeInfoResolver = info.OriginatingResolver!.WithAddedModifier(contract => Encrypt(contract, keys)) }.GetTypeInfo(info.Type);

        private static void Encrypt(JsonTypeInfo contract, PersonKeys keys)
        {
            if (contract.Properties.FirstOrDefault(Has<PersonAttribute>)?.Get is not { } person) return;
            foreach (var property in contract.Properties.Where(Has<PersonalAttribute>))
            {
                var (name, text) = (property.Name, property.Get!);
                property.Get = e => text(e) is string plain ? keys.Encrypt((Guid)person(e)!, name, plain) : null;
                property.CustomConverter = new Decrypting(keys, name, property.IsSetNullable ? null : "");
            }
        }

        private static bool Has<T>(JsonPropertyInfo property) where T : Attribute => property.AttributeProvider?.IsDefined(typeof(T), inherit: false) == true;
    }

    private sealed class Decrypting(PersonKeys keys, string property, string? erased) : JsonConverter<string?>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var stored = reader.GetString();
            if (stored is null || !PersonKeys.IsEncrypted(stored)) return stored;
            try { return keys.Decrypt(property, stored) ?? erased; }
            catch (Exception e) when (e is CryptographicException or FormatException) { throw new JsonException($"The encrypted {property} was changed, or stood elsewhere", e); }
        }

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}
