using System.Text.Json;

namespace Keypace.Tests.Security;

/// <summary>Whatever a hub does, its caller gets an answer that says so, none of ours is a 500, and no permit is lost.</summary>
public sealed class T21HubFaultsTests
{
    private static readonly string[] Modes =
    [
        "", "garbage\r\n\r\n", "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\"", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 204 No Content\r\n\r\nbody",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxx", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 700 Odd\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nX-Model: caf\u00e9 \u0080\u00ff\r\nOpenai-Model: \u00e4\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n" + "X: " + "HUGE" + "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    ];

    [Fact]
    public async Task Every_fault_is_told_and_gives_its_permit_back()
    {
        var threat = new Threat("T21", "faults of hubs");
        var mode = 0;
        await using var hub = new RawHub((_, write) => write(mode < 0 ? RawHub.Chat : Modes[mode].Replace("HUGE", new string('x', 100_000), StringComparison.Ordinal)));
        await using var server = await SecurityServer.StartAsync();
        var id = await server.StoreKeyAsync("faulty", hub.Address, "sk-test-not-a-real-key-faulty");
        for (var round = 0; round < Threat.Cases(1, 5_000); round++)
        {
            for (mode = 0; mode < Modes.Length; mode++)
            {
                foreach (var path in new[] { "/v1/chat/completions", "/keys/faulty/v1/chat/completions" })
                {
                    var current = mode;
                    try
                    {
                        var (status, text, headers) = await server.SendAsync(HttpMethod.Post, path, """{"model":"m","messages":[]}""", ("x-keypace-key", "faulty"));
                        var code = headers.TryGetValues("x-keypace-error", out var codes) ? codes.Single() : "";
                        threat.Check(code != "internal_error" && (status < 500 || code.Length > 0 || status is 500 or 502), () => $"{path} mode {current}: {status} {code} {text}");
                    }
                    catch (HttpRequestException)
                    {
                        threat.Check(true, () => "");   // the head had left: the connection is cut
                    }
                }
            }
        }

        mode = -1;
        for (var good = 0; good < 20; good++)
        {
            var (status, text, _) = await server.ChatAsync("faulty");
            threat.Check(status == 200, () => $"afterwards: {status} {text}");
        }

        var (_, told, _) = await server.SendAsync(HttpMethod.Get, $"/v1/api-keys/{id}/status");
        threat.Check(JsonDocument.Parse(told).RootElement.GetProperty("waiting").GetInt32() == 0, () => told);
        threat.Check(!server.Log.Contains("met a bug", StringComparison.Ordinal), () => "the log says: met a bug");
        threat.Done();
    }
}
