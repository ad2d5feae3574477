using System.Collections.Frozen;
using System.Net;
using Keypace.Domain;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.People.SettingUp;

/// <summary>
/// While nobody owns the installation, only this machine is served. A request that went through a proxy is from elsewhere, whatever its last
/// hop was; proxies have so many headers to say so that only those are listed which browsers and command lines send themselves.
/// </summary>
internal sealed class UnclaimedGate(Claim claim, RequestDelegate next)
{
    private static readonly Refusal _unclaimed = new(
        RefusalReason.Forbidden,
        "unclaimed",
        "This Keypace has no owner yet and answers on its own machine only. Open the set-up link there, or run 'keypace init' with an owner.");

    private static readonly FrozenSet<string> _ownHeaders = new[]
    {
        "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type",
        "Cookie", "Date", "DNT", "Expect", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "Keep-Alive", "Origin", "Pragma", "Priority", "Range", "Referer", "Save-Data",
        "TE", "Traceparent", "Tracestate", "Transfer-Encoding", "Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "X-Keypace", "X-Requested-With",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context) =>
        claim.IsClaimed || IsFromHere(context) || (claim.IsOpenToOtherMachines && IsForSetup(context.Request.Path))
            ? next(context)
            : Problems.WriteAsync(context, _unclaimed);

    private static bool IsForSetup(PathString path) => path.Value is "/setup" or "/healthz" or "/readyz" || path.StartsWithSegments("/assets", StringComparison.Ordinal);

    private static bool IsFromHere(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } remote || !IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote))
            return false;
        if (context.Request.Protocol != HttpProtocol.Http11)
            return false;   // what proxies speak by default where they add no header, and no browser
        foreach (var (name, _) in context.Request.Headers)
        {
            if (!_ownHeaders.Contains(name) && !name.StartsWith("Sec-", StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return true;
    }
}
