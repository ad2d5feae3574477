using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>Turns an answer that is no success, or the lack of one, into a <see cref="KeypaceException"/>.</summary>
internal static class Failure
{
    /// <summary>As much of an error's body as is read, in bytes. A server's own errors are far shorter.</summary>
    private const int MostBytes = 64 * 1024;

    /// <summary>A secret shorter than this is not searched for in a message: it would blot out ordinary words.</summary>
    private const int ShortestHidden = 4;

    private static readonly string s_version = typeof(Failure).Assembly.GetName().Version?.ToString(3) ?? "";

    public static async Task<KeypaceException> ReadAsync(HttpResponseMessage response, Uri server, IEnumerable<string> secrets, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        var said = Said.Nothing;
        try
        {
            said = ErrorBody.Read(await HeadOfBodyAsync(response, ct).ConfigureAwait(false));
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or JsonException)
        {
            // The status alone still tells the caller more than the broken body would.
        }

        var detail = said.Detail ?? WithoutWords(response, server);
        foreach (var secret in secrets.Where(secret => secret.Length >= ShortestHidden))
            detail = detail.Replace(secret, "[hidden]", StringComparison.Ordinal);

        if (said.Code is "unknown_path")
            detail = $"{detail.TrimEnd()} Keypace.Client {s_version} knows this route; the server at {server} may be older.";

        return new KeypaceException(status, said.Code ?? Header(response, "x-keypace-error") ?? $"http_{status}", detail)
        {
            RequestId = said.RequestId ?? Header(response, "x-request-id"),
            Fields = said.Fields,
            RetryAfter = Wait(response),
            ShouldRetry = bool.TryParse(Header(response, "x-should-retry"), out var should) ? should : null,
        };
    }

    public static KeypaceException Unreachable(Uri server, HttpRequestException cause)
    {
        var why = cause.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
            ? $"Nothing listens at {server}."
            : cause.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => $"The name {server.Host} is not known to the network.",
                HttpRequestError.SecureConnectionError => $"No secure connection to {server} could be made: its certificate is not trusted, or it does not speak TLS.",
                _ => $"No answer came from {server}.",
            };
        return new KeypaceException(null, KeypaceException.Unreachable, why, cause);
    }

    public static KeypaceException TimedOut(Uri server, Exception cause) =>
        new(null, KeypaceException.TimedOut, $"{server} did not answer in time.", cause);

    public static KeypaceException BrokenOff(Uri server, Exception cause) =>
        new(null, KeypaceException.Unreachable, $"The answer of {server} broke off.", cause);

    public static KeypaceException Unreadable(HttpResponseMessage response, Uri server, string got) =>
        new((int)response.StatusCode, KeypaceException.UnreadableAnswer, $"{server} answered {(int)response.StatusCode}, but not as a Keypace server does ({got}). Check the base address.")
        {
            RequestId = Header(response, "x-request-id"),
        };

    private static string WithoutWords(HttpResponseMessage response, Uri server)
    {
        var status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => $"{server} does not accept the access token (401).",
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
                $"{server} answered {status}, a redirect, which is not followed because it could carry the token elsewhere. Give the final address as the base address.",
            >= HttpStatusCode.InternalServerError => $"{server} answered {status} without saying why; perhaps not Keypace but something in front of it.",
            _ => $"{server} answered {status} without saying why. Check that the base address is a Keypace server's.",
        };
    }

    private static async Task<string> HeadOfBodyAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var bytes = new byte[MostBytes];
            var length = await body.ReadAtLeastAsync(bytes, MostBytes, throwOnEndOfStream: false, ct).ConfigureAwait(false);
            return Encoding.UTF8.GetString(bytes, 0, length);
        }
    }

    /// <summary><c>retry-after-ms</c> is exact, <c>Retry-After</c> is rounded up to whole seconds.</summary>
    private static TimeSpan? Wait(HttpResponseMessage response)
    {
        if (double.TryParse(Header(response, "retry-after-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out var exactMs)
            && exactMs is >= 0 and < int.MaxValue)
        {
            return TimeSpan.FromMilliseconds(exactMs);
        }

        return response.Headers.RetryAfter?.Delta;
    }

    public static KeypaceException InStream(Uri server, Said said, string? requestId) =>
        new(200, said.Code ?? "stream_failed", said.Detail ?? $"{server} ended the answer with an error that says nothing.") { RequestId = said.RequestId ?? requestId };

    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}

/// <summary>What an error's body said; everything may be missing.</summary>
internal sealed record Said(string? Detail, string? Code, string? RequestId, IReadOnlyList<FieldProblem> Fields)
{
    public static readonly Said Nothing = new(null, null, null, []);
}
