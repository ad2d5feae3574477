namespace Keypace.Tests.Security;

/// <summary>Requests whose end two servers could see at two places: codings, lengths, lone line feeds, pieces (also those of CVE-2025-55315), request lines.</summary>
internal static class UnclearRequests
{
    /// <param name="host">The line of the host, with its end.</param>
    public static IEnumerable<(string What, string Request)> All(string host)
    {
        const string Chunks = "2\r\n{}\r\n0\r\n\r\n";
        foreach (var path in new[] { "/v1/chat/completions", "/v1/api-keys", "/keys/a/v1/x" })
        {
            string Post(string headers) => $"POST {path} HTTP/1.1\r\n{host}Content-Type: application/json\r\n{headers}\r\n";
            foreach (var te in new[]
            {
                "gzip, chunked", "chunked, chunked", "identity", "chunked, identity", "xchunked", "chunked;q=1", "\"chunked\"", "chunked,", ", chunked", "cow", "chunked\x0b", "\x0bchunked", "chunked x", "deflate",
            })
            {
                yield return ($"TE {te}", Post($"Transfer-Encoding: {te}\r\n") + Chunks);
            }

            foreach (var pair in new[]
            {
                "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
                "Content-Length: 2\r\ntransfer-encoding: CHUNKED\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
                "Transfer-Encoding : chunked\r\n", " Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n", "Transfer-Encoding\r\n: chunked\r\n",
                "Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chunked\nX: y\r\n", "Transfer\0-Encoding: chunked\r\n", "X: y\rTransfer-Encoding: chunked\r\n",
            })
            {
                yield return (pair, Post(pair) + Chunks);
            }

            foreach (var length in new[] { "+2", "-2", "0x2", "2, 2", "2,3", "2 3", "", " ", "2.0", "2e0", "٢", "99999999999999999999", "2\x0b", "\x0b2", "two" })
                yield return ($"CL {length}", Post($"Content-Length: {length}\r\n") + "{}");
            foreach (var pair in new[] { "Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 30\r\n", "Content-Length: 2\n", "Content-Length : 2\r\n", "Content-Length: 2\r\nX: a\0b\r\n", "Content-Length: 2\r\nX: a\rb\r\n", "Content-Length: 2\r\nHost: b\r\n", "Content-Length: 2\r\nX\x01: a\r\n", "Content-Length: 2\r\n: a\r\n", "Content-Length: 2\r\nX Y: a\r\n", "Content-Length: 2\r\nX: a\r\n b\r\n", "Content-Length: 2\r\nnocolon\r\n" })
                yield return (pair, Post(pair) + "{}");
        }

        // Chunk framing, also the extensions of CVE-2025-55315. Only where the body is read does it matter: the caller is unknown, so that it is dropped.
        string Chunked(string chunks) => $"POST /v1/chat/completions HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n{chunks}";
        foreach (var chunks in new[]
        {
            "2;\n{}\r\n0\r\n\r\n", "2;a\nb\r\n{}\r\n0\r\n\r\n", "2\n{}\r\n0\r\n\r\n", "2\r\n{}\n0\r\n\r\n", "2 \n{}\r\n0\r\n\r\n", "2;a\rb\r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n", "+2\r\n{}\r\n0\r\n\r\n", "-2\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}x\r\n0\r\n\r\n", "3\r\n{}\r\n0\r\n\r\n", "zz\r\n", "ffffffffffffffffff\r\n{}\r\n", "\r\n2\r\n{}\r\n0\r\n\r\n",
        })
        {
            yield return ($"chunks {chunks}", Chunked(chunks));
        }

        foreach (var line in new[]
        {
            "GET /healthz HTTP/1.1\n", "GET  /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1 \r\n", "GET\t/healthz HTTP/1.1\r\n", "GET /healthz\r\n", "GET /healthz HTTP/2.0\r\n", "GET /healthz HTTP/1.10\r\n", "GET /healthz http/1.1\r\n",
            "GET /he althz HTTP/1.1\r\n", "GE\0T /healthz HTTP/1.1\r\n", "GET /healthz\0 HTTP/1.1\r\n", "GET healthz HTTP/1.1\r\n", "GET http:// HTTP/1.1\r\n", "G(T /healthz HTTP/1.1\r\n", "GET /a\rb HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", ":method GET HTTP/1.1\r\n",
        })
        {
            yield return (line, $"{line}{host}\r\n");
        }

        yield return ("no host", "GET /healthz HTTP/1.1\r\n\r\n");
        yield return ("another host in the line", $"GET http://stranger.example/healthz HTTP/1.1\r\n{host}\r\n");
        yield return ("headers ended by lone line feeds", $"GET /healthz HTTP/1.1\r\n{host.TrimEnd()}\n\n");
    }
}
