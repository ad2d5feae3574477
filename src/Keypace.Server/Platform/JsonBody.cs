using Keypace.Domain;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>Where a route reads JSON: a body that says it is something else is refused before any of it is read.</summary>
internal static class JsonBody
{
    private const string Usual = "application/json";

    public static readonly Refusal Wanted = new(RefusalReason.WrongContentType, "unsupported_media_type",
        $"This route reads JSON. Send the body as JSON, with Content-Type: {Usual}.");

    /// <returns>Why the body is not read; null when it is JSON, or says nothing of itself: then its bytes tell.</returns>
    public static Refusal? WhyNot(HttpRequest request) =>
        request.ContentType is not { Length: > 0 } type || type.Equals(Usual, StringComparison.OrdinalIgnoreCase) || request.HasJsonContentType() ? null : Wanted;
}
