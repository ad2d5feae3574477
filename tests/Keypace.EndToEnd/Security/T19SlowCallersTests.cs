using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>Callers that dawdle over a head, a body or an answer, hundreds at once: everybody else is served, memory stays, and they are cut.</summary>
public sealed class T19SlowCallersTests
{
    private const long MostMemory = 512L * 1024 * 1024;
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(Campaign.Or(15, 120));

    /// <summary>Ten seconds for a head, and likewise for 10 KiB of a body; what is beyond that is the machine's load.</summary>
    private static readonly TimeSpan CutWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Good_callers_are_served_beside_any_number_of_slow_ones()
    {
        var threat = new Threat("T19", "slow and idle callers");
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "good");
        var (calm, _) = await GoodAsync(threat, keypace, TimeSpan.FromSeconds(3));

        using var over = new CancellationTokenSource();
        var slow = Enumerable.Range(0, Campaign.Or(400, 5_000)).Select(index => DawdleAsync(keypace, index % 4, over.Token)).ToArray();
        var (busy, memory) = await GoodAsync(threat, keypace, Lasts);
        threat.Check(memory < MostMemory, () => $"{memory / 1024 / 1024} MiB at most");
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"p99 {calm.TotalMilliseconds:0.0} ms alone, {busy.TotalMilliseconds:0.0} ms beside {slow.Length} slow callers; {memory / 1024 / 1024} MiB at most"));

        // Who says nothing at all is at rest, and held for as long as a connection at rest is.
        var cut = slow.Where((_, index) => index % 4 is 0 or 1).ToArray();
        var all = Task.WhenAll(cut);
        threat.Check(await Task.WhenAny(all, Task.Delay(CutWithin, TimeProvider.System, CancellationToken.None)) == all, () => $"{cut.Count(one => !one.IsCompleted)} of {cut.Length} that sent half a request are still there");
        await over.CancelAsync();
        foreach (var one in slow)
            threat.Check(await one.ContinueWith(ended => ended.IsCompletedSuccessfully, TaskScheduler.Default), () => "a slow caller failed otherwise than by being cut");
        threat.Done();
    }

    [Fact]
    public async Task Slowhttptest_finds_nothing_to_hold()
    {
        Assert.SkipUnless(Campaign.Or(0, 1) == 1, "Only in the campaign.");
        Assert.SkipUnless(File.Exists("/usr/bin/slowhttptest"), "The Debian package slowhttptest is not installed.");
        var threat = new Threat("T19", "slowhttptest");
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "good");
        foreach (var (mode, path) in new[] { ("-H", "/healthz"), ("-B", "/v1/chat/completions"), ("-R", "/healthz"), ("-X", "/openapi/v1.json") })
        {
            using var process = Process.Start(new ProcessStartInfo("/usr/bin/slowhttptest", $"{mode} -c 2000 -r 200 -i 5 -l 60 -u {keypace.Address.ToString().TrimEnd('/')}{path}") { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            await GoodAsync(threat, keypace, TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync();
            threat.Check(!(await output).Contains("service available:   NO", StringComparison.Ordinal), () => $"slowhttptest {mode} says that it could not be reached");
        }

        threat.Done();
    }

    /// <summary>One good query after the other. All must be answered.</summary>
    /// <returns>The 99th percentile of what one took, and the most memory that the process had meanwhile, in bytes.</returns>
    private static async Task<(TimeSpan P99, long Memory)> GoodAsync(Threat threat, RunningKeypace keypace, TimeSpan time)
    {
        var took = new List<TimeSpan>();
        var memory = 0L;
        for (var startedAt = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(startedAt) < time;)
        {
            var asked = TimeProvider.System.GetTimestamp();
            var answer = await keypace.Api.ChatAsync("good");
            took.Add(TimeProvider.System.GetElapsedTime(asked));
            threat.Check((int)answer.Status == 200, () => $"a good query: {(int)answer.Status} {answer.Text}");
            memory = Math.Max(memory, await MemoryAsync(keypace));
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }

        took.Sort();
        return (took[took.Count * 99 / 100], memory);
    }

    private static async Task<long> MemoryAsync(RunningKeypace keypace)
    {
        var line = (await File.ReadAllLinesAsync($"/proc/{keypace.Process.Id}/status")).First(one => one.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Ends when it is cut, or at the end of the test.</summary>
    /// <param name="kind">0: a head, a letter a second; 1: a body likewise; 2: says nothing; 3: asks for much and reads nothing.</param>
    private static async Task DawdleAsync(RunningKeypace keypace, int kind, CancellationToken over)
    {
        var address = keypace.Address;
        try
        {
            using var client = new TcpClient { ReceiveBufferSize = 1024 };
            await client.ConnectAsync(address.Host, address.Port, over);
            var stream = client.GetStream();
            var start = kind switch
            {
                0 => $"GET /healthz HTTP/1.1\r\nHost: {address.Authority}\r\nX-Slow: ",
                1 => $"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {keypace.Folder.Token}\r\nContent-Length: 100000\r\n\r\n",
                3 => string.Concat(Enumerable.Repeat($"GET /openapi/v1.json HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n", 20)),
                _ => "",
            };
            await stream.WriteAsync(Encoding.ASCII.GetBytes(start), over);
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, over);
                if (kind < 2)
                    await stream.WriteAsync("a"u8.ToArray(), over);
            }
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
        {
            // Cut, or over.
        }
    }
}
