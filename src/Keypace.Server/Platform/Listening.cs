using Keypace.Server.Platform.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Platform;

/// <summary>Kestrel's bounds, and where it listens.</summary>
internal static class Listening
{
    /// <summary>Bounds of every request. Sizes in bytes.</summary>
    public static void Bound(KestrelServerOptions kestrel, Settings.Settings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.DisableStringReuse = true;   // else a connection keeps the Authorization header of its last request
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = settings.Whole("Gateway:Connections");
        limits.MaxRequestBodySize = settings.Whole("Gateway:MaxBodyBytes");
        limits.MaxRequestHeadersTotalSize = (int)settings.Whole("Gateway:MaxHeaderBytes");
        limits.MaxRequestHeaderCount = 64;   // SDKs send about 15, a browser behind two proxies about 40
        limits.MaxRequestLineSize = 8 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        // Longer than the 60 s for which HttpClient and nginx reuse a connection, so that it is not closed under a request on its way.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        // An answer may be silent while a model thinks; the gateway bounds that itself.
        limits.MinResponseDataRate = null;
    }

    public static void Listen(KestrelServerOptions kestrel, IReadOnlyList<ListenAddress> addresses)
    {
        foreach (var address in addresses)
            kestrel.Listen(address.Address, address.Port, listen => listen.Protocols = HttpProtocols.Http1);
    }

    /// <summary>Where it really listens, ports drawn.</summary>
    public static IReadOnlyList<string> Addresses(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
}
