using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Keypace.Server.Gateway.Wire;

/// <summary>What of a hub's HTTP can be handed on, and what cannot.</summary>
internal static class AnswerFraming
{
    /// <summary>
    /// False for statuses that no answer has (an unasked 101 would make whatever follows it an answer to somebody else), for a transfer coding that
    /// is more than pieces, and for lengths that differ or that nobody can count to.
    /// </summary>
    public static bool IsAnswer(HttpResponseMessage response) =>
        (int)response.StatusCode is >= 200 and <= 599
        && (!response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var coding) || coding.ToString().Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase))
        && (!response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths) || IsOneLength(lengths));

    /// <summary>One number, or the same one again (RFC 9112, 6.3): which of two the HTTP stack goes by is not what the hub meant.</summary>
    private static bool IsOneLength(in HeaderStringValues lengths)
    {
        var said = lengths.ToString();
        if (!said.AsSpan().ContainsAnyExceptInRange('0', '9'))
            return IsLength(said);
        var first = said.AsSpan(0, said.AsSpan().IndexOf(',') is var comma and >= 0 ? comma : said.Length).Trim();
        foreach (var range in said.AsSpan().Split(','))
        {
            var one = said.AsSpan()[range].Trim();
            if (!IsLength(one) || !one.SequenceEqual(first))
                return false;
        }

        return true;
    }

    /// <summary>A number of bytes that the HTTP stack can count to; one that it cannot it takes for none, and an answer that ends early for a whole one.</summary>
    private static bool IsLength(ReadOnlySpan<char> said) => long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Statuses whose answers are their heads alone.</summary>
    public static bool IsHeadAlone(int status) => status is 204 or 205 or 304;

    /// <summary>The hub sent something that is not HTTP, and did not merely stop.</summary>
    public static bool IsInvalid(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            var error = cause switch
            {
                HttpRequestException request => request.HttpRequestError,
                HttpIOException io => io.HttpRequestError,
                _ => HttpRequestError.Unknown,
            };
            if (error is HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError)
                return true;
        }

        return false;
    }

    /// <summary>
    /// True where more bytes than the head may follow an answer that has no more, as its first bytes tell: what follows would be taken for the next
    /// answer. True also where the first bytes do not tell.
    /// </summary>
    public static bool MayBeFollowed(ReadOnlySpan<byte> start, bool isHead) =>
        isHead || start.Length < 12 || start[9] == '1'
        || start[9..12].SequenceEqual("204"u8) || start[9..12].SequenceEqual("205"u8) || start[9..12].SequenceEqual("304"u8);
}
