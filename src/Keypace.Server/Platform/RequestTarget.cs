using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Server.Platform;

/// <summary>Where a request leads, read in both ways: as it was sent, and as the framework tidied it up.</summary>
internal static class RequestTarget
{
    private const string Keys = "/keys/";

    /// <summary>The target as it was sent.</summary>
    public static string Of(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    /// <summary>True for what leads below <c>/keys/NAME</c>, in either reading.</summary>
    public static bool IsBelowKeys(HttpContext context) =>
        context.Request.Path.Value?.StartsWith(Keys, StringComparison.Ordinal) == true || Of(context).StartsWith(Keys, StringComparison.Ordinal);
}
