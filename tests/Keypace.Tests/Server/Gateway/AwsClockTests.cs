using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Keypace.Tests.Server.Features;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Signatures and time: AWS refuses what was signed more than five minutes before or after its own clock. Over real HTTP, on a clock moved by hand.</summary>
public sealed class AwsClockTests : IAsyncLifetime
{
    private readonly FeatureHost _host = new() { Settings = new Dictionary<string, string> { ["KEYPACE_PACING__MAXWAITSECONDS"] = "3600" } };
    private readonly ClockedHub _hub;

    public AwsClockTests() => _hub = new ClockedHub(_host.Time);

    public async ValueTask InitializeAsync()
    {
        await _hub.StartAsync();
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Theory]
    [InlineData(600)]
    [InlineData(-600)]
    public async Task Another_clock_at_the_hub_costs_one_refusal_and_no_answer(int seconds)
    {
        await StoreAsync("rock", 1_000);
        _hub.Off = TimeSpan.FromSeconds(seconds);

        (await AskAsync("rock")).MustBe(200);
        Assert.Equal([403, 200], _hub.Answered);
        (await AskAsync("rock")).MustBe(200);
        Assert.Equal([403, 200, 200], _hub.Answered);

        // And when the hub's clock, or ours, is put right again.
        _hub.Off = TimeSpan.Zero;
        (await AskAsync("rock")).MustBe(200);
        Assert.Equal([403, 200, 200, 403, 200], _hub.Answered);
    }

    [Fact]
    public async Task A_refusal_at_the_same_time_is_one_and_so_is_one_of_a_hub_without_sense_of_time()
    {
        await StoreAsync("rock", 1_000);
        _hub.RefusesAll = true;
        Assert.Equal("hub_refused_key", (await AskAsync("rock")).MustBe(502).Headers["x-keypace-error"]);
        _hub.Off = TimeSpan.FromDays(400);
        (await AskAsync("rock")).MustBe(502);
        Assert.Equal([403, 403], _hub.Answered);
        _hub.Off = TimeSpan.FromMinutes(10);
        (await AskAsync("rock")).MustBe(502);
        Assert.Equal([403, 403, 403, 403], _hub.Answered);   // once more with its clock, and that is all
    }

    [Fact]
    public async Task A_signature_that_grew_old_in_line_is_made_anew()
    {
        await StoreAsync("slow", 1);
        using var release = new SemaphoreSlim(0);
        _hub.Hold = release;
        var first = AskAsync("slow");
        await _hub.SeenAsync(1);

        // The second is signed, and waits on a connection of its own for a turn that is half a second away and comes five minutes later.
        var second = AskAsync("slow");
        while ((await _host.GetAsync("/v1/api-keys/slow/status")).MustBe(200)["waiting"].GetInt32() == 0)
            await Task.Yield();
        _host.Time.Advance(TimeSpan.FromSeconds(0.5));
        await _hub.ConnectedAsync(2);
        _host.Time.Advance(TimeSpan.FromMinutes(5));
        release.Release(10);

        (await first).MustBe(200);
        (await second).MustBe(200);
        Assert.Equal([200, 200], _hub.Answered);
    }

    private async Task StoreAsync(string name, int limit) => (await _host.PostAsync("/v1/api-keys", new
    {
        name, hub = "bedrock", value = "", url = _hub.Address, rate_limit_per_interval = limit, rate_limit_interval = 1,
        hub_config = new { region = "eu-central-1", access_key = "not-a-real-access-key-0001", secret_access_key = "not-a-real-secret-access-key-0001" },
    })).MustBe(200);

    private Task<Answer> AskAsync(string key) => _host.SendAsync(
        HttpMethod.Post, "/v1/chat/completions", new { model = "m", messages = new[] { new { role = "user", content = "Say hello." } } }, null, ("x-keypace-key", key), ("x-keypace-max-wait", "3000"));

    /// <summary>Knows the time, and lets nothing in that was signed at another one.</summary>
    private sealed class ClockedHub(FakeTimeProvider time) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<int> _answered = new();
        private readonly SemaphoreSlim _seen = new(0);
        private readonly SemaphoreSlim _connected = new(0);
        private WebApplication? _app;

        public string Address => _app!.Urls.Single();

        /// <summary>What its clock is ahead of the server's.</summary>
        public TimeSpan Off { get; set; }

        public bool RefusesAll { get; set; }

        /// <summary>Each answer takes one of it; null to answer at once.</summary>
        public SemaphoreSlim? Hold { get; set; }

        public IReadOnlyList<int> Answered => [.. _answered];

        public async Task StartAsync()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Use(next => connection =>
            {
                _connected.Release();
                return next(connection);
            })));
            _app = builder.Build();
            _app.Run(AnswerAsync);
            await _app.StartAsync();
        }

        public async Task SeenAsync(int count)
        {
            for (; count > 0; count--)
                Assert.True(await _seen.WaitAsync(TimeSpan.FromSeconds(30)), "the hub was not asked");
        }

        public async Task ConnectedAsync(int count)
        {
            for (; count > 0; count--)
                Assert.True(await _connected.WaitAsync(TimeSpan.FromSeconds(30)), "the hub was not connected to");
        }

        public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

        private async Task AnswerAsync(HttpContext context)
        {
            var now = time.GetUtcNow() + Off;
            var signed = DateTimeOffset.ParseExact(context.Request.Headers["x-amz-date"].ToString(), "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            _seen.Release();
            if (Hold is { } hold)
                await hold.WaitAsync();
            var isLate = RefusesAll || (now - signed).Duration() > TimeSpan.FromMinutes(5);
            context.Response.StatusCode = isLate ? 403 : 200;
            context.Response.Headers.Date = now.ToString("r", CultureInfo.InvariantCulture);
            context.Response.ContentType = "application/json";
            _answered.Enqueue(context.Response.StatusCode);
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(isLate
                ? """{"message":"Signature not yet current"}"""
                : """{"output":{"message":{"role":"assistant","content":[{"text":"Hello."}]}},"stopReason":"end_turn","usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}"""));
        }
    }
}
