using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A Keypace that dies or is restarted forgets nothing that the limit needs.</summary>
public sealed class CrashTests
{
    private static readonly int Kills = Campaign.Or(3, 100);

    [Fact]
    public async Task After_kill_9_in_the_middle_of_a_paced_run_the_limit_still_holds()
    {
        var limit = new HubLimit(20, 4);
        var seed = Campaign.Seed();
        var chance = new Random(seed);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "killed", limit);
        using var enough = new CancellationTokenSource();
        var started = TimeProvider.System.GetTimestamp();
        var callers = Enumerable.Range(0, 12).Select(number => AskUntilAsync(keypace, $"caller {number}", enough.Token)).ToArray();

        for (var kill = 1; kill <= Kills; kill++)
        {
            // Somewhere in a wave, between two waves, or just after a start.
            var arrivals = hub.Log.Count + chance.Next(1, limit.Requests + 10);
            await Until.TrueAsync(() => hub.Log.Count >= arrivals, $"{arrivals} arrivals before kill {kill} (seed {seed})");
            await keypace.Process.KillAsync();
            await keypace.ServeAsync();
        }

        var last = hub.Log.Count + limit.Requests + 1;
        await Until.TrueAsync(() => hub.Log.Count >= last, $"it goes on after the last kill (seed {seed})");
        await enough.CancelAsync();
        await Task.WhenAll(callers);
        var report = hub.Log.Report(limit);
        CampaignTable.Add($"kill -9 {Kills} times under load, 20 per 4 s", TimeProvider.System.GetElapsedTime(started),
            FormattableString.Invariant($"{report.Count} sends, at most {report.MostInWindow} in any 4 s, tightest 21 in {report.TightestSpanNs / 1e9:0.000} s"), "at most 20");
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s (seed {seed})");
    }

    [Fact]
    public async Task Over_kill_9_while_answers_run_no_more_tokens_are_used_than_the_limit_has()
    {
        const int tokens = HubAnswers.PromptTokens + HubAnswers.CompletionTokens;
        var limit = new HubLimit(10, 15);   // so many answers are all the tokens there are
        var seed = Campaign.Seed();
        var chance = new Random(seed);
        for (var round = 0; round < Campaign.Or(1, 5); round++)
        {
            await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), DelayMs = (100, 900), Seed = seed + round });
            await using var keypace = await RunningKeypace.StartAsync();
            var id = await keypace.StoreKeyAsync(hub, "killed", new HubLimit(1_000, limit.Seconds));
            (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "tokens", limit = limit.Requests * tokens, interval_seconds = limit.Seconds } } })).MustBe(200);
            using var enough = new CancellationTokenSource();
            var callers = Enumerable.Range(0, 12).Select(number => AskUntilAsync(keypace, $"caller {number}", enough.Token, mostTokens: HubAnswers.CompletionTokens)).ToArray();

            for (var kill = 1; kill <= Kills; kill++)
            {
                var arrivals = hub.Log.Count + chance.Next(1, 4);
                await Until.TrueAsync(() => hub.Log.Count >= arrivals, $"{arrivals} arrivals before kill {kill} (seed {seed}, round {round})");
                await keypace.Process.KillAsync();
                await keypace.ServeAsync();
            }

            var last = hub.Log.Count + 2;
            await Until.TrueAsync(() => hub.Log.Count >= last, $"it goes on after the last kill (seed {seed}, round {round})");
            var used = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["limits"][0].GetProperty("used").GetInt64();
            await enough.CancelAsync();
            await Task.WhenAll(callers);
            var report = hub.Log.Report(limit);
            Assert.True(report.Holds, $"{report.MostInWindow * tokens} tokens of {limit.Requests * tokens} within {limit.Seconds} s (seed {seed}, round {round})");
            Assert.InRange(used, 0, limit.Requests * tokens);
        }
    }

    /// <summary>The store may have the move when the process dies, and what the key had sent counts all the same.</summary>
    [Fact]
    public async Task Over_moves_of_a_key_that_are_cut_by_kill_9_the_limit_holds()
    {
        var limit = new HubLimit(10, 3);
        var seed = Campaign.Seed();
        var chance = new Random(seed);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "killed", limit);
        var other = await keypace.StoreKeyAsync(hub.Address, Secrets.New(), "other", limit);
        var group = (await keypace.Api.GetAsync($"/v1/api-keys/{other}")).MustBe(200)["rate_group_id"].GetString();
        using var enough = new CancellationTokenSource();
        var started = TimeProvider.System.GetTimestamp();
        var callers = Enumerable.Range(0, 8).Select(number => AskUntilAsync(keypace, $"caller {number}", enough.Token)).ToArray();

        var moves = Campaign.Or(4, 50);
        var committed = 0;
        for (var move = 0; move < moves; move++)
        {
            var arrivals = hub.Log.Count + chance.Next(1, 15);
            await Until.TrueAsync(() => hub.Log.Count >= arrivals, $"{arrivals} arrivals before move {move} (seed {seed})");
            var before = (await keypace.Api.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["rate_group_id"].GetString();
            var moving = keypace.Api.PutAsync($"/v1/api-keys/{id}", new { rate_group_id = before == group ? "own" : group });
            if (move % 2 == 0)
            {
                (await moving).MustBe(200);
                continue;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(chance.Next(12)), TimeProvider.System, TestContext.Current.CancellationToken);
            await keypace.Process.KillAsync();
            await Task.WhenAny(moving);
            _ = moving.Exception;   // it broke off, or it was done
            await keypace.ServeAsync();
            committed += (await keypace.Api.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["rate_group_id"].GetString() == before ? 0 : 1;
        }

        var last = hub.Log.Count + limit.Requests + 1;
        await Until.TrueAsync(() => hub.Log.Count >= last, $"it goes on after the last move (seed {seed})");
        await enough.CancelAsync();
        await Task.WhenAll(callers);
        var report = hub.Log.Report(limit);
        CampaignTable.Add($"A key moves {moves} times, every second one cut by kill -9 ({committed} of them in the store), 10 per 3 s", TimeProvider.System.GetElapsedTime(started),
            FormattableString.Invariant($"{report.Count} sends, at most {report.MostInWindow} in any 3 s, tightest 11 in {report.TightestSpanNs / 1e9:0.000} s"), "at most 10");
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s (seed {seed})");
    }

    [Fact]
    public async Task A_clean_restart_in_mid_window_keeps_the_window_and_loses_no_allowance()
    {
        // A window that is over before the process is back, on a machine that is full, says nothing: then a longer one.
        for (var seconds = 25; !await WasInMidWindowAsync(seconds); seconds *= 4)
            Assert.True(seconds < 200, $"Stopping and starting took over {seconds} s.");
    }

    /// <summary>Twelve of twenty are sent, the process restarts, fourteen more come. False where the window was over before the first of those.</summary>
    private static async Task<bool> WasInMidWindowAsync(int seconds)
    {
        var limit = new HubLimit(20, seconds);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "restarted", limit);
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => keypace.Api.ChatAsync("restarted"))));

        Assert.Equal(0, await keypace.Process.StopAsync());
        await keypace.ServeAsync();
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 14).Select(_ => keypace.Api.ChatAsync("restarted"))));

        var report = hub.Log.Report(limit);
        Assert.Equal(26, report.Count);
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s");
        // Eight of the twenty were left and went at once; the rest had to wait for the first twelve to grow old.
        var arrivals = hub.Log.Snapshot().Select(arrival => arrival.AtNs).Order().ToArray();
        if (arrivals[12] >= arrivals[0] + limit.WindowNs)
            return false;
        Assert.Equal(20, arrivals.Count(at => at < arrivals[0] + limit.WindowNs));
        return true;
    }

    [Fact]
    public async Task A_limit_over_a_day_remembers_over_kill_9_what_was_used()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "daily");
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new
        {
            limits = new[] { new { dimension = "requests", limit = 6, interval_seconds = 86_400 }, new { dimension = "tokens", limit = 100_000, interval_seconds = 3_600 } },
        })).MustBe(200);
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => keypace.Api.ChatAsync("daily"))));
        await Until.TrueAsync(
            async () => (await keypace.Api.GetAsync("/v1/usage?by=key")).MustBe(200)["results"].EnumerateArray().Sum(row => row.GetProperty("queries").GetInt64()) == 5,
            "the records are on the disk");

        await keypace.Process.KillAsync();
        await keypace.ServeAsync();

        var limits = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["limits"].EnumerateArray().Select(limit => limit.GetProperty("used").GetInt64()).ToArray();
        // The five that are recorded, and a block of credit that may have been used: here a single query.
        const int tokens = HubAnswers.PromptTokens + HubAnswers.CompletionTokens;
        Assert.InRange(limits[0], 5, 6);
        Assert.InRange(limits[1], 5 * tokens, (6 * tokens) + 15_000);   // and a block of tokens: a twentieth of the limit, and what was on its way
        var refused = 0;
        for (var query = 0; query < 2; query++)
            refused += (await keypace.Api.ChatAsync("daily", null, ("x-keypace-max-wait", "1"))).Status == System.Net.HttpStatusCode.TooManyRequests ? 1 : 0;
        Assert.InRange(refused, 1, 2);
        Assert.InRange(hub.Log.Count, 5, 6);
    }

    [Fact]
    public async Task SIGTERM_lets_the_running_query_finish_sends_waiting_ones_away_and_ends_with_0()
    {
        var held = new TaskCompletionSource();
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(),
            BeforeEvent = (number, ct) => number == 2 ? held.Task.WaitAsync(ct) : Task.CompletedTask,
        });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "stopped", new HubLimit(1, 60));
        using var running = await keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "stopped", default);
        var waiting = keypace.Api.ChatAsync("stopped");
        await Until.TrueAsync(
            async () => (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status"))["waiting"].GetInt32() == 1, "the second query waits");

        keypace.Process.Terminate();

        var refused = (await Until.DoneAsync(waiting, "the waiting query is answered")).MustRefuseQuery(503, "shutting_down");
        Assert.NotNull(refused.Header("Retry-After"));
        held.SetResult();
        Assert.EndsWith("data: [DONE]\n\n", await running.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await keypace.Process.WaitAsync());
        Assert.Equal(1, hub.Log.Count);
    }

    private static async Task AskUntilAsync(RunningKeypace keypace, string name, CancellationToken enough, int? mostTokens = null)
    {
        using var api = new Api(keypace.Address, keypace.Folder.Token);
        while (!enough.IsCancellationRequested)
        {
            try
            {
                using var answer = await api.OpenAsync("/v1/chat/completions", new { model = "m", user = name, max_tokens = mostTokens ?? 100, messages = new[] { new { role = "user", content = "Hi." } } }, "killed", enough);
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                // Killed under us, or not up again yet.
                await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, enough));
            }
        }
    }
}
