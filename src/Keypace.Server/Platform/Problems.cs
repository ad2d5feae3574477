using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>Says no. The only place where a reason becomes a status, and a route's error shape is chosen.</summary>
internal static class Problems
{
    public const string CodeHeader = "x-keypace-error";

    // People read these sentences in terminals, where \u0027 is no apostrophe. Safe, because they are sent as JSON with "nosniff".
    private static readonly JavaScriptEncoder _readable = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private static readonly KeypaceJson _json = new(new JsonSerializerOptions(KeypaceJson.Default.Options) { Encoder = _readable });

    /// <summary>Content codings of requests that are decoded here, as <c>Accept-Encoding</c> lists them.</summary>
    public const string DecodedCodings = "gzip, deflate, br, zstd";

    /// <summary>Writes the refusal in the shape of the request's route. Does nothing once the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, Refusal refusal) => WriteAsync(context, refusal, StatusOf(refusal.Reason));

    /// <summary>The same with a status that no reason has: what the server itself says of a request, such as 405.</summary>
    public static Task WriteAsync(HttpContext context, Refusal refusal, int status)
    {
        var response = context.Response;
        if (response.HasStarted)
            return Task.CompletedTask;

        response.StatusCode = status;
        var headers = response.Headers;
        if (UnreadBody.IsLeft(context))
            headers.Connection = "close";
        headers[CodeHeader] = refusal.Code;
        headers.CacheControl = "no-store";
        if (refusal.Reason is RefusalReason.Unauthenticated)
            headers.WWWAuthenticate = "Bearer";
        if (refusal.Reason is RefusalReason.UnknownCoding)
            headers.AcceptEncoding = DecodedCodings;
        SetRetryHeaders(headers, refusal, status);

        var requestId = RequestIds.Of(context);
        return ProblemShapes.Of(context.Request.Path) switch
        {
            ProblemShape.Hub => WriteJson(response, HubShaped(refusal, status, requestId)),
            ProblemShape.Management => refusal.Fields is { Count: > 0 } fields
                ? WriteJson(response, new ValidationProblem(
                    [.. fields.Select(field => new FieldProblem(field.Path, field.Message, field.Type))], refusal.Code, requestId))
                : WriteJson(response, new Problem(refusal.Detail, refusal.Code, requestId)),
            _ => WriteDetails(response, refusal, status, requestId),
        };
    }

    /// <summary>429 and 503 say when; refusals that waiting cannot cure say so, so that no SDK burns its retries on them.</summary>
    private static void SetRetryHeaders(IHeaderDictionary headers, Refusal refusal, int status)
    {
        if (refusal.RetryAfter is { } pause && refusal.Fault is KeyFault.NothingLeft)
        {
            // When it is asked again is said, but a quota does not come back while an SDK tries.
            headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(pause.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            headers["x-should-retry"] = "false";
            return;
        }

        if (refusal.RetryAfter is not { } wait)
        {
            headers["x-should-retry"] = "false";
            return;
        }

        var waitMs = Math.Max(0, (long)Math.Ceiling(wait.TotalMilliseconds));
        headers.RetryAfter = Math.Max(1, (waitMs + 999) / 1000).ToString(CultureInfo.InvariantCulture);
        headers["retry-after-ms"] = waitMs.ToString(CultureInfo.InvariantCulture);
        // An SDK that waits longer than a minute inside one call looks hung to its user; let it fail and say when.
        headers["x-should-retry"] = refusal.HasWaited || (status == StatusCodes.Status429TooManyRequests && wait > TimeSpan.FromSeconds(60)) ? "false" : "true";
    }

    public static int StatusOf(RefusalReason reason) => reason switch
    {
        RefusalReason.Malformed => StatusCodes.Status400BadRequest,
        RefusalReason.Unauthenticated => StatusCodes.Status401Unauthorized,
        RefusalReason.Forbidden => StatusCodes.Status403Forbidden,
        RefusalReason.NotFound => StatusCodes.Status404NotFound,
        RefusalReason.WrongMethod => StatusCodes.Status405MethodNotAllowed,
        RefusalReason.TooSlow => StatusCodes.Status408RequestTimeout,
        RefusalReason.Conflict => StatusCodes.Status409Conflict,
        RefusalReason.Stale => StatusCodes.Status412PreconditionFailed,
        RefusalReason.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalReason.UnknownCoding or RefusalReason.WrongContentType => StatusCodes.Status415UnsupportedMediaType,
        RefusalReason.Invalid => StatusCodes.Status422UnprocessableEntity,
        RefusalReason.Limited => StatusCodes.Status429TooManyRequests,
        RefusalReason.NotServed => StatusCodes.Status501NotImplemented,
        RefusalReason.HubFailed => StatusCodes.Status502BadGateway,
        RefusalReason.Unavailable => StatusCodes.Status503ServiceUnavailable,
        RefusalReason.HubTimedOut => StatusCodes.Status504GatewayTimeout,
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No status chosen for this reason."),
    };

    private static HubShapedProblem HubShaped(Refusal refusal, int status, string requestId)
    {
        var type = status switch
        {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        };
        var field = refusal.Fields is { Count: > 0 } fields ? fields[0].Path[^1] : null;
        return new HubShapedProblem("error", new HubShapedError(type, refusal.Detail, refusal.Code, field), requestId);
    }

    private static Task WriteJson<T>(HttpResponse response, T body)
    {
        response.ContentType = "application/json";
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), _json);
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes).AsTask();
    }

    private static Task WriteDetails(HttpResponse response, Refusal refusal, int status, string requestId)
    {
        response.ContentType = "application/problem+json";
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = _readable }))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "/docs/problems/" + refusal.Code);
            writer.WriteString("title", refusal.Code.Replace('_', ' '));
            writer.WriteNumber("status", status);
            writer.WriteString("detail", refusal.Detail);
            writer.WriteString("code", refusal.Code);
            writer.WriteString("request_id", requestId);
            writer.WriteEndObject();
        }

        response.ContentLength = buffer.WrittenCount;
        return response.Body.WriteAsync(buffer.WrittenMemory).AsTask();
    }
}

internal enum ProblemShape
{
    /// <summary>OpenAI's error object: what SDKs of hubs read.</summary>
    Hub,

    /// <summary><c>{"detail","code","request_id"}</c>.</summary>
    Management,

    /// <summary>RFC 9457.</summary>
    Details,
}

internal static class ProblemShapes
{
    private static readonly string[] HubPaths =
        ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/models", "/v1/messages",
         "/v1/audio", "/v1/images", "/v1/files", "/v1/moderations", "/v1/realtime", "/v1/batches", "/keys"];

    public static ProblemShape Of(PathString path)
    {
        foreach (var prefix in HubPaths)
        {
            if (path.StartsWithSegments(prefix, StringComparison.Ordinal))
                return ProblemShape.Hub;
        }

        return path.StartsWithSegments("/v1", StringComparison.Ordinal) ? ProblemShape.Management : ProblemShape.Details;
    }
}
