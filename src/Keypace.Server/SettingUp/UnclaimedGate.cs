using System.Net;
using Keypace.Domain;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.SettingUp;

/// <summary>
/// While nobody owns the installation, only this machine is served. A request that went through a proxy is from elsewhere, whatever its last
/// hop was.
/// </summary>
internal sealed class UnclaimedGate(Claim claim, RequestDelegate next)
{
    private static readonly Refusal _unclaimed = new(
        RefusalReason.Forbidden,
        "unclaimed",
        "This Keypace has no owner yet and answers on its own machine only. Open the set-up link there, or run 'keypace init' with an owner.");

    public Task InvokeAsync(HttpContext context) =>
        claim.IsClaimed || IsFromHere(context) || (claim.IsOpenToOtherMachines && IsForSetup(context.Request.Path))
            ? next(context)
            : Problems.WriteAsync(context, _unclaimed);

    private static bool IsForSetup(PathString path) => path.Value is "/setup" or "/healthz" or "/readyz" || path.StartsWithSegments("/assets", StringComparison.Ordinal);

    private static bool IsFromHere(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } remote || !IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote))
            return false;
        foreach (var (name, _) in context.Request.Headers)
        {
            if (name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
                || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        return true;
    }
}
