using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using Keypace.Contracts;

namespace Keypace.Demo;

/// <summary>
/// <c>Keypace.Demo demo [--once]</c>: a Keypace and a pretend hub on loopback, a key limited to 60 queries in any 10 s, and three
/// callers who together want three times as much. Everything is ended and removed afterwards.
/// </summary>
internal sealed class DemoCommand(TimeProvider time)
{
    private const int UsualPort = 5397;
    private const string ApiKeyName = "demo", PretendSecret = "pretend-hub-key-not-a-secret-0001";
    private static readonly HubLimit Limit = new(60, 10);
    private static readonly string[] CallerNames = ["alice", "bob", "carol"];

    /// <param name="once">Ends after the figures instead of staying for a look around.</param>
    public async Task<int> RunAsync(bool once)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Cancel(signal, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Cancel(signal, stop));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Cancel(signal, stop));
        try
        {
            return await RunAsync(once, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.WriteLine("Stopped; everything is ended and removed.");
            return 1;
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync($"The demo failed: {exception.Message}");
            return 1;
        }
    }

    private async Task<int> RunAsync(bool once, CancellationToken ct)
    {
        if (!File.Exists(Checkout.Executable))
        {
            await Console.Error.WriteLineAsync($"There is no {Checkout.Executable}. Run: ./dev build");
            return 3;
        }

        using var temporary = TemporaryFolder.Create("keypace-demo-");
        var folder = new KeypaceFolder(temporary);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = PretendSecret });
        await KeypaceProcess.InitAsync(folder, ct);
        await using var keypace = await KeypaceProcess.ServeAsync(
            folder,
            new Dictionary<string, string> { ["KEYPACE_EGRESS__ALLOW"] = $"127.0.0.1:{hub.Port}" },
            LoopbackPort.IsFree(UsualPort) ? UsualPort : 0,
            time,
            ct);
        Console.WriteLine($"Keypace runs at {keypace.Address}, a pretend hub at {hub.Address}/v1, both on this machine only.");

        using var client = new HttpClient { BaseAddress = keypace.Address, Timeout = TimeSpan.FromMinutes(5) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", folder.Token);
        await StoreKeyAsync(client, hub, ct);
        if (!once)
            Console.WriteLine($"Watch it live: {await SignInLinkAsync(client, ct)}");

        await RealQuery.SendIfAskedAsync(client, ct);
        var figures = await MeasureAsync(keypace, hub, folder.Token, ct);
        foreach (var line in figures.Lines())
            Console.WriteLine(line);

        if (!once)
            await StayAsync(keypace, folder, await SignInLinkAsync(client, ct), ct);

        return figures.AllWell ? 0 : 1;
    }

    private static async Task StoreKeyAsync(HttpClient client, PretendHub hub, CancellationToken ct)
    {
        var key = new NewApiKey(ApiKeyName, "custom", PretendSecret, Limit.Requests, Limit.Seconds, Url: $"{hub.Address}/v1");
        using var stored = await client.PostAsJsonAsync("/v1/api-keys", key, KeypaceJson.Default.NewApiKey, ct);
        if (!stored.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"the key could not be stored: {(int)stored.StatusCode} {await stored.Content.ReadAsStringAsync(ct)}");
        }

        var shown = await stored.Content.ReadFromJsonAsync(KeypaceJson.Default.ApiKey, ct);
        Console.WriteLine($"Stored the key '{shown!.Name}' ({shown.DisplayValue}), limited to {Limit.Requests} queries in any {Limit.Seconds} s.");
    }

    private async Task<DemoFigures> MeasureAsync(KeypaceProcess keypace, PretendHub hub, string token, CancellationToken ct)
    {
        var callers = CallerNames.Select(name => new DemoCaller(name, queries: 60, connections: 20)).ToArray();
        try
        {
            Console.WriteLine("Three callers send 60 queries each over 20 connections each; at this limit that takes 20 s.");
            hub.Log.Clear();
            var started = time.GetTimestamp();
            var work = Task.WhenAll(callers.Select(caller => caller.SendAllAsync(keypace.Address, token, ApiKeyName, ct)));
            await DemoProgress.ShowAsync(callers, work, time);
            return new DemoFigures(
                hub.Log.Report(Limit),
                callers.Sum(caller => caller.Answered),
                callers.Sum(caller => caller.Refused),
                callers.Sum(caller => caller.Failed),
                callers.Select(caller => caller.FirstFailure).FirstOrDefault(failure => failure is not null),
                time.GetElapsedTime(started));
        }
        finally
        {
            foreach (var caller in callers)
                caller.Dispose();
        }
    }

    /// <summary>Opens the web interface once, without a password.</summary>
    private static async Task<string> SignInLinkAsync(HttpClient client, CancellationToken ct)
    {
        using var made = await client.PostAsync(new Uri("/v1/sign-in-links", UriKind.Relative), null, ct);
        made.EnsureSuccessStatusCode();
        return (await made.Content.ReadFromJsonAsync(KeypaceJson.Default.SignInLink, ct))!.Url;
    }

    private async Task StayAsync(KeypaceProcess keypace, KeypaceFolder folder, string signInLink, CancellationToken ct)
    {
        Console.WriteLine($"""

            Keypace stays up at {keypace.Address} until Ctrl-C. Its pages open once, within ten minutes, by this link:
              {signInLink}
            Point any OpenAI SDK at it: base URL {keypace.Address}v1, API key: the access token in {folder.TokenFile},
            model: custom/pretend-large. The owner is {KeypaceFolder.OwnerEmail}, the password is in {folder.PasswordFile}.
            """);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("Stopped; everything is ended and removed.");
        }
    }

    private static void Cancel(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
