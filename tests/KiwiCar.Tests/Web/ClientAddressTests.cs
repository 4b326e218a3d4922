using System.Net;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Tests.Web;

public class ClientAddressTests
{
    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    [InlineData("fe80::1%3", "fe80::/64")]
    [InlineData("::1", "::/64")]
    public void A_guest_is_an_IPv4_address_or_an_IPv6_network(string address, string key) => Assert.Equal(key, ClientAddress.KeyOf(IPAddress.Parse(address)));

    [Fact]
    public void Proxies_are_addresses_and_networks() =>
        Assert.Equal(["192.0.2.1/32", "10.0.0.0/8", "2001:db8::/32"], ClientAddress.Proxies(" 192.0.2.1, 10.0.0.0/8,2001:db8::/32,").Select(p => p.ToString()));

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/33")]
    [InlineData("*")]
    public void Anything_else_stops_the_start(string list) =>
        Assert.Contains("TRUSTED_PROXIES", Assert.Throws<InvalidOperationException>(() => ClientAddress.Proxies(list)).Message, StringComparison.Ordinal);
}
