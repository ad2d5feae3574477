using Keypace.Server.Platform.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

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
        Framing.BeStrict(kestrel);
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = OpenFiles.MostConnections(settings.Whole("Gateway:Connections"), OpenFiles.Limit);
        // Whoever reads a body has a bound of its own, and refuses before this one is reached; behind a refusal the rest is dropped.
        limits.MaxRequestBodySize = settings.Whole("Gateway:MaxBodyBytes") + UnreadBody.MostBytes + 64 * 1024;
        limits.MaxRequestHeadersTotalSize = (int)settings.Whole("Gateway:MaxHeaderBytes");
        // What a connection may send ahead of what is read, beside the memory that is set aside for bodies.
        limits.MaxRequestBufferSize = Math.Max(256 * 1024, limits.MaxRequestHeadersTotalSize);
        limits.MaxRequestHeaderCount = 64;   // SDKs send about 15, a browser behind two proxies about 40
        limits.MaxRequestLineSize = 8 * 1024;
        // Those who read watch the pace themselves (BodyPace): this is what holds where nobody does.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(15));
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        // Longer than the 60 s for which HttpClient and nginx reuse a connection, so that it is not closed under a request on its way.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
        // An answer may be silent while a model thinks; the gateway bounds that itself, and CallerWatch who takes nothing of one.
        limits.MinResponseDataRate = null;
    }

    public static void Listen(KestrelServerOptions kestrel, IReadOnlyList<ListenAddress> addresses, Settings.Settings settings, TimeProvider time)
    {
        var patience = TimeSpan.FromSeconds(settings.Number("Gateway:CallerIdleSeconds"));
        var stopping = kestrel.ApplicationServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        foreach (var address in addresses)
        {
            kestrel.Listen(address.Address, address.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => UnfinishedRequest.Around(next, time, stopping));
                listen.Use(next => CallerWatch.Around(next, patience, time));
            });
        }
    }

    /// <summary>Where it really listens, ports drawn.</summary>
    public static IReadOnlyList<string> Addresses(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
}
