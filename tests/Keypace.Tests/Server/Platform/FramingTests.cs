using System.Net.Sockets;
using System.Text;

namespace Keypace.Tests.Server.Platform;

/// <summary>What reaches the socket, byte by byte: requests whose end is unclear, and bodies that nobody reads.</summary>
public sealed class FramingTests(OwnedServer owned) : IClassFixture<OwnedServer>
{
    private readonly RunningServer _server = owned.Server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity\r\n", "{}")]
    [InlineData("Content-Length: +2\r\n", "{}")]
    [InlineData("Content-Length: -2\r\n", "{}")]
    [InlineData("Content-Length: 0x2\r\n", "{}")]
    [InlineData("Content-Length: 2, 2\r\n", "{}")]
    [InlineData("Content-Length: 2\r\nContent-Length: 2\r\n", "{}")]
    [InlineData("Content-Length: 99999999999999999999\r\n", "{}")]
    [InlineData("Content-Length: 2\n", "{}")]
    [InlineData("Content-Length: 2\r\nX-A: b\n", "{}")]
    [InlineData("Content-Length: 2\r\nX-A: b\r\n c\r\n", "{}")]
    [InlineData("Content-Length : 2\r\n", "{}")]
    [InlineData("Content-Length: 2\r\nX-A: b\rc\r\n", "{}")]
    [InlineData("Content-Length: 2\r\nX-A: b\0c\r\n", "{}")]
    [InlineData("Content-Length: 2\r\nHost: other\r\n", "{}")]
    public async Task An_unclear_end_is_a_400_and_the_end_of_the_connection(string headers, string body)
    {
        foreach (var path in new[] { "/v1/chat/completions", "/v1/api-keys", "/keys/any/v1/x", "/sign-in" })
        {
            var text = await SendAsync($"POST {path} HTTP/1.1\r\nHost: {_server.Address.Authority}\r\n{headers}\r\n{body}"
                + $"GET /healthz HTTP/1.1\r\nHost: {_server.Address.Authority}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400", text, StringComparison.Ordinal);
            Assert.Equal(1, text.Split("HTTP/1.1 ").Length - 1);
        }
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n")]
    [InlineData("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 12\r\n")]
    public async Task An_encoding_of_the_transfer_is_nothing_that_an_older_request_has(string headers)
    {
        foreach (var path in new[] { "/v1/chat/completions", "/v1/chat_complete", "/v1/api-keys", "/keys/any/v1/x", "/sign-in", "/healthz" })
        {
            var text = await SendAsync($"POST {path} HTTP/1.0\r\nHost: {_server.Address.Authority}\r\n{headers}\r\n2\r\n{{}}\r\n0\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400", text, StringComparison.Ordinal);
            Assert.Contains("x-keypace-error: ambiguous_framing", text, StringComparison.Ordinal);
            Assert.DoesNotContain("keep-alive", text, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(1, text.Split("HTTP/1.1 ").Length - 1);
        }
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n", "{}")]
    [InlineData("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: Chunked\r\n", "2;a=b\r\n{}\r\n0\r\nX-T: r\r\n\r\n")]
    public async Task A_clear_end_is_read(string headers, string body)
    {
        var text = await SendAsync($"POST /v1/api-keys HTTP/1.1\r\nHost: {_server.Address.Authority}\r\n{headers}Connection: close\r\n\r\n{body}");
        Assert.StartsWith("HTTP/1.1 401", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "", 401)]
    [InlineData("/v1/chat_complete", "", 401)]
    [InlineData("/keys/any/v1/files", "", 401)]
    [InlineData("/v1/api-keys", "", 415)]
    [InlineData("/v1/users/me", "", 405)]
    [InlineData("/v1/nowhere", "", 404)]
    [InlineData("/nowhere", "", 404)]
    [InlineData("/v1/audio/speech", "", 404)]
    [InlineData("/healthz", "", 405)]
    [InlineData("/v1/models", "", 405)]
    [InlineData("/sign-in", "", 403)]
    [InlineData("/setup", "", 410)]
    [InlineData("/v1/api-keys", "Host: stranger.example\r\n", 400)]
    public async Task A_refusal_arrives_although_the_body_is_still_coming(string path, string host, int status)
    {
        foreach (var length in path == "/v1/chat_complete" ? new[] { 3_000_000, 30_000_000, 40_000_000 } : [3_000_000])
        {
            using var client = new TcpClient();
            await client.ConnectAsync(_server.Address.Host, _server.Address.Port, Ct);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST {path} HTTP/1.1\r\n{(host.Length > 0 ? host : $"Host: {_server.Address.Authority}\r\n")}Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"), Ct);
            // As a blocking SDK does: first all of the body, then the answer.
            var piece = new byte[100_000];
            for (var sent = 0; sent < Math.Min(length, 30_000_000); sent += piece.Length)
                await stream.WriteAsync(piece, Ct);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var first = await reader.ReadLineAsync(Ct);
            Assert.StartsWith($"HTTP/1.1 {status}", first, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/responses")]
    public async Task A_key_that_is_none_is_refused_before_the_body_came(string path)
    {
        Assert.StartsWith("HTTP/1.1 404", await FirstLineAsync(path, "x-keypace-key: nobody\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/chat_complete")]
    public async Task A_body_that_says_it_is_no_JSON_is_refused_before_it_came(string path)
    {
        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "application/xml", "application/jsonl", "json", "*/*" })
            Assert.StartsWith("HTTP/1.1 415", await FirstLineAsync(path, $"Content-Type: {type}\r\n"), StringComparison.Ordinal);
    }

    /// <summary>What is JSON by its name, or says nothing, is read: here nothing more of it comes within the time that a body has.</summary>
    [Theory]
    [InlineData("application/json")]
    [InlineData("Application/JSON; charset=utf-8")]
    [InlineData("application/vnd.api+json")]
    [InlineData(null)]
    public async Task A_body_that_may_be_JSON_is_read(string? type)
    {
        var text = await SendAsync($"POST /v1/chat/completions HTTP/1.1\r\nHost: {_server.Address.Authority}\r\nAuthorization: Bearer {await TokenAsync()}\r\n"
            + $"{(type is null ? "" : $"Content-Type: {type}\r\n")}Content-Length: 1\r\nConnection: close\r\n\r\n[");
        Assert.Contains("x-keypace-error: invalid_json", text, StringComparison.Ordinal);
    }

    private async Task<string> TokenAsync() => (await File.ReadAllTextAsync(owned.Folder.In("token"), Ct)).Trim();

    /// <summary>Of the answer to a request that sends one byte of a body of 50,000. The clock stands still: whoever waits for the body waits for ever.</summary>
    private async Task<string?> FirstLineAsync(string path, string headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Address.Host, _server.Address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {_server.Address.Authority}\r\nAuthorization: Bearer {await TokenAsync()}\r\n{headers}Content-Length: 50000\r\n\r\n["), Ct);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadLineAsync(patience.Token);
    }

    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Address.Host, _server.Address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Ct);
        // Whoever does not close waits for the next request: then what came until now is all.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var piece = new byte[4096];
        try
        {
            for (int read; (read = await stream.ReadAsync(piece, patience.Token)) > 0 && text.ToString().Split("HTTP/1.1 ").Length < 3;)
                text.Append(Encoding.UTF8.GetString(piece, 0, read));
        }
        catch (IOException)
        {
            // A reset is an end too.
        }

        return text.ToString();
    }
}
