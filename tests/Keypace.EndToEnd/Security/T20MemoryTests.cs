using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>What the built program takes of the machine's memory: for those who wait, and for bodies that are longer than it.</summary>
public sealed class T20MemoryTests
{
    private const int Mebi = 1024 * 1024;

    /// <summary>For each that waits, its connection included.</summary>
    private const long MostEach = 32 * 1024;

    /// <summary>What a garbage collector may have left to do.</summary>
    private const long Slack = 64L * Mebi;

    /// <summary>A body in pieces is held up to the bound before it is known to be over it, and what it outgrew waits for the collector: as much again.</summary>
    private const long MostOfABody = 2 * 32L * Mebi;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_query_that_waits_takes_32_KiB_at_most()
    {
        var threat = new Threat("T20", "waiting queries");
        var waiting = Campaign.Or(1_000, 10_000);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var hub = new RawHub(async (_, write) =>
        {
            await go.Task;
            await write(RawHub.Chat);
        });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub.Address, Secrets.New(), "narrow", null);
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "concurrent", limit = 1 } } })).MustBe(200);
        using var running = await AskAsync(keypace);
        await Until.TrueAsync(() => hub.Heads.Count == 1, "the first is at the hub");
        var before = await MemoryAsync(keypace);
        var callers = new List<TcpClient>();
        try
        {
            for (var index = 0; index < waiting; index++)
                callers.Add(await AskAsync(keypace));
            await Until.TrueAsync(async () => (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["waiting"].GetInt32() >= waiting, $"{waiting} wait");
            var more = await MemoryAsync(keypace) - before;
            threat.Check(more - Slack <= waiting * MostEach, () => $"{more} bytes for {waiting} queries that wait");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"T20 waiting queries: {waiting:N0} take {more / 1024.0 / waiting:0.0} KiB each"));
        }
        finally
        {
            callers.ForEach(caller => caller.Dispose());
        }

        go.SetResult();
        threat.Check((int)(await keypace.Api.ChatAsync("narrow")).Status == 200, () => "nobody is served behind them");
        threat.Done();
    }

    [Fact]
    public async Task Nothing_of_a_long_answer_or_of_refused_bodies_stays()
    {
        var threat = new Threat("T20", "long bodies");
        var length = (long)Campaign.Or(128, 1024) * Mebi;
        var piece = new string('x', 64 * 1024);
        await using var hub = new RawHub(async (_, write) =>
        {
            await write($"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            for (var left = length; left > 0; left -= piece.Length)
                await write(piece);
        });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub.Address, Secrets.New(), "long", null);
        var before = await MemoryAsync(keypace);
        var most = 0L;

        var got = 0L;
        using (var client = await OpenAsync(keypace, "GET /keys/long/v1/x", ""))
        {
            var buffer = new byte[256 * 1024];
            for (int read, count = 0; (read = await client.GetStream().ReadAsync(buffer, Ct)) > 0; count++)
            {
                got += read;
                if (count % 64 == 0)
                    most = Math.Max(most, await MemoryAsync(keypace));
                if (got > length)
                    break;   // the body, and its head
            }
        }

        threat.Check(got > length, () => $"{got} of {length} bytes came");
        threat.Check(most - before <= Slack, () => $"{(most - before) / Mebi} MiB more while an answer of {length / Mebi} MiB passed");

        // Bodies over the bound, one after the other: in pieces, and with a length that says so.
        var sent = 0L;
        for (var round = 0; sent < length && round < 64; round++)
        {
            var isChunked = round % 4 != 0;
            using var client = await OpenAsync(keypace, "POST /keys/long/v1/x", isChunked ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {length}\r\n");
            var chunk = Encoding.ASCII.GetBytes(isChunked ? $"{piece.Length:x}\r\n{piece}\r\n" : piece);
            try
            {
                for (var body = 0L; body < length; body += piece.Length, sent += piece.Length)
                    await client.GetStream().WriteAsync(chunk, Ct);
                threat.Check(false, () => $"a body of {length} bytes was taken");
            }
            catch (Exception closed) when (closed is IOException or SocketException)
            {
                threat.Check(true, () => "");
            }

            most = Math.Max(most, await MemoryAsync(keypace));
        }

        threat.Check(most - before <= MostOfABody + Slack, () => $"{(most - before) / Mebi} MiB more after {sent / Mebi} MiB that were refused");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"T20 long bodies: {got / Mebi:N0} MiB down and {sent / Mebi:N0} MiB up took {(most - before) / (double)Mebi:0.0} MiB"));
        threat.Check((await keypace.Api.GetAsync("/healthz")).Status == System.Net.HttpStatusCode.OK, () => "it answers no more");
        threat.Done();
    }

    private static Task<TcpClient> AskAsync(RunningKeypace keypace)
    {
        var body = $$$"""{"model":"m","messages":[{"role":"user","content":"{{{new string('a', 1_000)}}}"}]}""";
        return OpenAsync(keypace, "POST /v1/chat/completions", $"x-keypace-key: narrow\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n", body);
    }

    private static async Task<TcpClient> OpenAsync(RunningKeypace keypace, string request, string headers, string body = "")
    {
        var client = new TcpClient();
        await client.ConnectAsync(keypace.Address.Host, keypace.Address.Port, Ct);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{request} HTTP/1.1\r\nHost: {keypace.Address.Authority}\r\nAuthorization: Bearer {keypace.Folder.Token}\r\n{headers}\r\n{body}"), Ct);
        return client;
    }

    private static async Task<long> MemoryAsync(RunningKeypace keypace)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{keypace.Process.Id}/status", Ct)).First(one => one.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
