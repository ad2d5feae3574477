using System.Net;
using Keypace.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Keypace.Server.Platform.Settings;

/// <summary>
/// The proxies in front whose word for who asks is taken: the setting <c>Proxies</c>. From anybody else <c>X-Forwarded-For</c> is only what they like to say.
/// </summary>
internal static class TrustedProxies
{
    /// <summary>Comma-separated IPv4, [IPv6] or CIDR. Refuses with <c>bad_setting</c>.</summary>
    public static Outcome<IReadOnlyList<IPNetwork>> Parse(string? list)
    {
        List<IPNetwork> networks = [];
        foreach (var entry in (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var plain = entry.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
            if (IPNetwork.TryParse(plain, out var network))
                networks.Add(network);
            else if (IPAddress.TryParse(plain, out var address))
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                return new Refusal(RefusalReason.Invalid, "bad_setting", $"Proxies holds '{entry}', which is not an IPv4 address, [IPv6] address or CIDR range, such as 10.2.0.0/16.");
        }

        return networks;
    }

    /// <summary>From here on a request's address is the last one that no named proxy has.</summary>
    public static void UseTrustedProxies(this WebApplication app, Settings settings)
    {
        if (!Parse(settings.Text("Proxies")).TryGet(out var networks, out var refusal))
            throw new InvalidOperationException(refusal.Detail);   // the settings table has checked it
        if (networks.Count == 0)
            return;
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();   // the framework names loopback by itself
        options.KnownIPNetworks.Clear();
        foreach (var network in networks)
            options.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(options);
    }
}
