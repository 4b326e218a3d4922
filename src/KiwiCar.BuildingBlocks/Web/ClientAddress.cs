using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using IPNetwork = System.Net.IPNetwork;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>Where a request comes from.</summary>
public static class ClientAddress
{
    /// <summary>What limits count a guest by.</summary>
    public static string KeyOf(HttpContext http) => KeyOf(http.Connection.RemoteIpAddress);

    /// <summary>
    /// IPv4 as it is, also where it comes mapped into IPv6. Of IPv6 the first 64 bits: whoever has one such address has all 2^64 of that network.
    /// </summary>
    public static string KeyOf(IPAddress? address)
    {
        if (address is null) return "local"; // a socket without addresses
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4().ToString();
        if (address.AddressFamily != AddressFamily.InterNetworkV6) return address.ToString();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    /// <summary>
    /// Behind the proxies that <c>TRUSTED_PROXIES</c> names (addresses and networks, comma-separated) the client is the last hop of
    /// <c>X-Forwarded-For</c> that is none of them. Without the setting those headers are anybody's to write, and mean nothing.
    /// </summary>
    public static void UseTrustedProxies(this IApplicationBuilder app, IConfiguration settings)
    {
        var proxies = Proxies(settings["TRUSTED_PROXIES"] ?? "");
        if (proxies.Count == 0) return;
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear(); // ASP.NET would trust whatever runs on this machine
        foreach (var proxy in proxies) options.KnownIPNetworks.Add(proxy);
        app.UseForwardedHeaders(options);
    }

    internal static IReadOnlyList<IPNetwork> Proxies(string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text =>
            IPAddress.TryParse(text, out var one) ? new IPNetwork(one, one.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : IPNetwork.TryParse(text, out var network) ? network
            : throw new InvalidOperationException($"TRUSTED_PROXIES holds \"{text}\"; write addresses and networks, comma-separated, as 10.0.0.0/8, 192.0.2.1."))];
}
