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
        // Three at a time: a place that a fault kept would be missed at once.
        var (limited, told, _) = await server.SendAsync(HttpMethod.Put, $"/v1/api-keys/{id}", """{"limits":[{"dimension":"concurrent","limit":3}]}""");
        threat.Check(limited == 200, () => told);
        for (var round = 0; round < Threat.Cases(1, 5_000); round++)
        {
            for (mode = 0; mode < Modes.Length; mode++)
            {
                foreach (var path in new[] { "/v1/chat/completions", "/keys/faulty/v1/chat/completions" })
                {
                    var current = mode;
                    try
                    {
                        var (status, text, headers) = await server.SendAsync(HttpMethod.Post, path, """{"model":"m","messages":[]}""", ("x-keypace-key", "faulty"), ("x-keypace-max-wait", "20"));
                        var code = headers.TryGetValues("x-keypace-error", out var codes) ? codes.Single() : "";
                        threat.Check(code != "internal_error" && status != 429 && (status < 500 || code.Length > 0 || status is 500 or 502), () => $"{path} mode {current}: {status} {code} {text}");
                    }
                    catch (HttpRequestException)
                    {
                        threat.Check(true, () => "");   // the head had left: the connection is cut
                    }
                }
            }
        }

        mode = -1;
        foreach (var (status, text, _) in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.ChatAsync("faulty", ("x-keypace-max-wait", "20")))))
            threat.Check(status == 200, () => $"afterwards: {status} {text}");

        (_, told, _) = await server.SendAsync(HttpMethod.Get, $"/v1/api-keys/{id}/status");
        threat.Check(JsonDocument.Parse(told).RootElement.GetProperty("waiting").GetInt32() == 0, () => told);
        threat.Check(!server.Log.Contains("met a bug", StringComparison.Ordinal), () => "the log says: met a bug");
        threat.Done();
    }

    /// <summary>Nothing leaves, so nothing is used: of two permits an hour none is lost however often it is tried.</summary>
    [Fact]
    public async Task A_hub_that_is_not_there_costs_no_permit()
    {
        var threat = new Threat("T21", "hubs that are not there");
        string gone;
        await using (var hub = new RawHub(""))
            gone = hub.Address;
        await using var server = await SecurityServer.StartAsync();
        var id = await server.StoreKeyAsync("gone", gone, "sk-test-not-a-real-key-gone");
        await server.SendAsync(HttpMethod.Put, $"/v1/api-keys/{id}", """{"rate_limit_per_interval":2,"rate_limit_interval":3600}""");
        for (var round = 0; round < Threat.Cases(12, 1_000); round++)
        {
            var (status, text, _) = await server.SendAsync(
                HttpMethod.Post, round % 2 == 0 ? "/v1/chat/completions" : "/keys/gone/v1/x", """{"model":"m","messages":[]}""", ("x-keypace-key", "gone"), ("x-keypace-max-wait", "0"));
            threat.Check(status is 502 or 504, () => $"{status} {text}");
        }

        threat.Done();
    }

    [Fact]
    public async Task A_hub_that_hangs_or_drips_is_given_up_after_its_time()
    {
        var threat = new Threat("T21", "hubs that hang");
        string[] beginnings = ["", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\nContent-Type: app", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"a\"", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 400 No\r\nContent-Length: 10\r\n\r\n{", "HTTP/1.1 103 Early Hints\r\n\r\n"];
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var next = -1;
        await using var hub = new RawHub(async (head, write) =>
        {
            await write(beginnings[Interlocked.Increment(ref next) % beginnings.Length]);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, over.Token);
        });
        await using var server = await SecurityServer.StartAsync(("KEYPACE_GATEWAY__FIRST_BYTE_SECONDS", "1"), ("KEYPACE_GATEWAY__IDLE_SECONDS", "1"));
        await server.StoreKeyAsync("hanging", hub.Address, "sk-test-not-a-real-key-hanging");
        for (var round = 0; round < Threat.Cases(1, 20); round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2 * beginnings.Length).Select(async index =>
            {
                var startedAt = TimeProvider.System.GetTimestamp();
                var what = "cut";
                try
                {
                    var (status, text, headers) = await server.SendAsync(HttpMethod.Post, index % 2 == 0 ? "/v1/chat/completions" : "/keys/hanging/v1/chat/completions", """{"model":"m","messages":[]}""", ("x-keypace-key", "hanging"));
                    what = $"{status} {text}";
                    threat.Check(status is 502 or 504 or 400 && headers.Contains("x-keypace-error") || status == 400, () => what);
                }
                catch (HttpRequestException)
                {
                    // The head had left: the connection is cut.
                }

                // Not before its time. How long after it is the machine's load; a minute says that it never was.
                var took = TimeProvider.System.GetElapsedTime(startedAt);
                threat.Check(took > TimeSpan.FromSeconds(0.9) && took < TimeSpan.FromSeconds(60), () => $"{what} after {took}");
            }));
        }

        await over.CancelAsync();
        threat.Done();
    }
}
