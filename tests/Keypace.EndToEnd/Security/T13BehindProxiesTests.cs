using System.Net.Sockets;
using System.Text;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>
/// Unclear requests to a proxy whose connections to us everybody shares. Behind each stands a request that the proxy forbids: it never reaches us inside
/// another one, and whoever asks next gets the answer to its own question.
/// </summary>
public sealed class T13BehindProxiesTests
{
    [Theory]
    [InlineData("nginx")]
    [InlineData("haproxy")]
    public async Task No_request_is_two_to_somebody_else(string name)
    {
        var threat = new Threat("T13", $"smuggling, behind {name}");
        await using var open = await CheckingHub.StartAsync(seen => CheckingHub.Said.Json($$"""{"at":"{{seen.Target}}"}"""));
        await using var hidden = await CheckingHub.StartAsync(_ => CheckingHub.Said.Json("{}"));
        await using var keypace = await RunningKeypace.StartAsync(("KEYPACE_PROXIES", "127.0.0.1"));
        await keypace.StoreKeyAsync(open.Address, Secrets.New(), "a", null);
        await keypace.StoreKeyAsync(hidden.Address, Secrets.New(), "forbidden", null);
        await using var proxy = await Proxy.StartAsync(name, keypace.Address);
        using var victim = new Api(proxy.Address, keypace.Folder.Token);

        var lines = $"Host: {proxy.Address.Authority}\r\nAuthorization: Bearer {keypace.Folder.Token}\r\nx-keypace-key: a\r\n";
        var behind = $"GET {Proxy.Forbidden}v1/x HTTP/1.1\r\n{lines}\r\n";
        var cases = UnclearRequests.All(lines).Select(one => (one.What, one.Request + behind)).Concat(Swallowing(lines, behind)).ToList();
        // Every fifth in a usual run, from one that the seed says.
        for (var index = threat.Seed % Campaign.Or(5, 1); index < cases.Count; index += Campaign.Or(5, 1))
        {
            var (what, request) = cases[index];
            var said = await SendAsync(proxy.Address, request);
            threat.Check(hidden.All.Count == 0, () => $"{what}: what {name} forbids came through; the caller got {said}");
            threat.Check(!said.Contains("HTTP/1.1 5", StringComparison.Ordinal) || said.StartsWith("HTTP/1.1 50", StringComparison.Ordinal), () => $"{what}: {said}");
            var answer = await victim.GetAsync($"/keys/a/v1/of-{index}");
            threat.Check((int)answer.Status == 200 && answer.Text == $$"""{"at":"/v1/of-{{index}}"}""", () => $"{what}: who asked next got {(int)answer.Status} {answer.Text}");
        }

        // The controls: the proxy does forbid it, and it is there for whoever gets past the proxy.
        threat.Check((int)(await victim.GetAsync($"{Proxy.Forbidden}v1/x")).Status == 403 && hidden.All.Count == 0, () => $"{name} does not forbid it");
        threat.Check((int)(await keypace.Api.GetAsync($"{Proxy.Forbidden}v1/x")).Status == 200 && hidden.All.Count == 1, () => "nothing would have been seen");
        threat.Done();
    }

    /// <summary>Both framings, the length over all of it: who reads lengths passes the forbidden request on as a body, who reads pieces finds it behind them.</summary>
    private static IEnumerable<(string What, string Request)> Swallowing(string lines, string behind)
    {
        foreach (var coding in new[]
        {
            "Transfer-Encoding: chunked", "Transfer-Encoding:chunked", "Transfer-Encoding:  chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked ", "Transfer-Encoding: CHUNKED", "transfer-encoding: Chunked",
            "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked", "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding: \x0bchunked",
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;x", "Transfer_Encoding: chunked", "Transfer Encoding: chunked", "Transfer-Encoding\0: chunked", "Transfer-Encoding: chunked\0", "TE: chunked", "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
        })
        {
            foreach (var path in new[] { "/keys/a/v1/x", "/v1/chat/completions" })
            {
                var body = "0\r\n\r\n" + behind;
                yield return ($"length over {coding}", $"POST {path} HTTP/1.1\r\n{lines}Content-Length: {body.Length}\r\n{coding}\r\n\r\n{body}");
                yield return ($"{coding} before a length", $"POST {path} HTTP/1.1\r\n{lines}{coding}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
                // The other way about: who reads pieces takes the forbidden one for a piece, who reads lengths finds it behind four bytes.
                var piece = $"{behind.Length:x}\r\n";
                yield return ($"{coding} with a short length", $"POST {path} HTTP/1.1\r\n{lines}{coding}\r\nContent-Length: {piece.Length}\r\n\r\n{piece}{behind}\r\n0\r\n\r\n");
            }
        }
    }

    /// <returns>What came until the proxy closed, or said nothing for a while.</returns>
    private static async Task<string> SendAsync(Uri address, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        var stream = client.GetStream();
        var said = new StringBuilder();
        var piece = new byte[16 * 1024];
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"{request}GET /healthz HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            for (int read; (read = await stream.ReadAsync(piece, patience.Token)) > 0;)
                said.Append(Encoding.Latin1.GetString(piece, 0, read));
        }
        catch (Exception end) when (end is IOException or OperationCanceledException)
        {
            // Cut, or it waits for what never comes.
        }

        return said.ToString();
    }
}
