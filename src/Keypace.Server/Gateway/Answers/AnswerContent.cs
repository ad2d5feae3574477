using System.Net;
using Keypace.Server.Gateway.Wire;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// What is read of an answer's body, whoever reads it: nothing where the head is all, and otherwise the bytes that its hub meant. A hub is asked not to
/// compress; one that does it all the same is decoded first, for nothing here could look for a secret, a usage or an error in what it sent.
/// </summary>
internal static class AnswerContent
{
    /// <summary>What was true of the body as it came and is not of what it becomes.</summary>
    private static readonly string[] OfTheCodedBody = ["Content-Digest", "Repr-Digest", "Digest", "Accept-Ranges"];

    /// <summary>Likewise, which .NET keeps with the body.</summary>
    private static readonly string[] WithTheCodedBody = ["Content-Encoding", "Content-Length", "Content-MD5"];

    /// <summary>To be called once, before anything is read. What cannot be decoded says so when it is read (<see cref="UndecodableAnswerException"/>).</summary>
    public static void Open(HttpResponseMessage response)
    {
        var content = response.Content;
        if (AnswerFraming.IsHeadAlone((int)response.StatusCode))
            response.Content = new ReplacedContent(content, static _ => Stream.Null);
        else if (content.Headers.NonValidated.TryGetValues("Content-Encoding", out var said))
            Decode(response, said.ToString());
        if (content.Headers.NonValidated.TryGetValues("Content-Type", out var type) && !AnswerCharset.IsSeenThrough(type.ToString()) && HasBody(response))
            response.Content = new ReplacedContent(response.Content, static _ => new UndecodableStream("its Content-Type names a charset in which its text is not known here; UTF-8 is"));
    }

    private static bool HasBody(HttpResponseMessage response) =>
        response.RequestMessage?.Method != HttpMethod.Head && !AnswerFraming.IsHeadAlone((int)response.StatusCode);

    private static void Decode(HttpResponseMessage response, string said)
    {
        var content = response.Content;
        foreach (var name in OfTheCodedBody)
            response.Headers.Remove(name);
        foreach (var name in WithTheCodedBody)
            content.Headers.Remove(name);

        // Byte for byte it is no longer what the tag was given to (RFC 9110, 8.8.1).
        if (response.Headers.NonValidated.TryGetValues("ETag", out var tag) && !tag.ToString().StartsWith("W/", StringComparison.Ordinal))
        {
            response.Headers.Remove("ETag");
            response.Headers.TryAddWithoutValidation("ETag", "W/" + tag);
        }

        if (response.RequestMessage?.Method == HttpMethod.Head)
            return;
        var codings = response.StatusCode is HttpStatusCode.PartialContent ? null : ContentCoding.Read(said);
        if (codings is not [])
            response.Content = new ReplacedContent(content, codings is null ? static _ => new UndecodableStream("its Content-Encoding is none of gzip, deflate, br and zstd, or stands on a part of a body") : coded => DecodingStream.Of(coded, codings));
    }

    /// <summary>The hub's content with another reading of its bytes. Its headers are the hub's; disposing it ends the hub's.</summary>
    private sealed class ReplacedContent : HttpContent
    {
        private readonly HttpContent _hubs;
        private readonly Func<Stream, Stream> _reading;

        public ReplacedContent(HttpContent hubs, Func<Stream, Stream> reading)
        {
            (_hubs, _reading) = (hubs, reading);
            foreach (var (name, values) in hubs.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            _reading(await _hubs.ReadAsStreamAsync(cancellationToken));

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            throw new NotSupportedException("An answer is read, and not written.");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
                _hubs.Dispose();
        }
    }
}
