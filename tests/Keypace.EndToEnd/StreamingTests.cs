using System.Text;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The answer's bytes pass as they are and when they are there.</summary>
public sealed class StreamingTests(SharedKeypace keypace)
{
    [Theory]
    [InlineData("/v1/chat/completions", false)]
    [InlineData("/v1/chat/completions", true)]
    [InlineData("/v1/completions", false)]
    [InlineData("/v1/completions", true)]
    [InlineData("/v1/embeddings", false)]
    [InlineData("/v1/responses", false)]
    [InlineData("/v1/responses", true)]
    public async Task The_answer_is_what_the_hub_gave_byte_for_byte(string path, bool stream)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Chunks = 20, AnswerBytes = 30_000 });
        var name = $"bytes {path} {stream}";
        await keypace.StoreKeyAsync(hub, name);
        var body = new { model = "maker/pretend-1", input = "hello", prompt = "hello", messages = Array.Empty<object>(), stream };
        using var direct = new Api(new Uri(hub.Address), hub.Options.RequiredKey);

        var expected = (await direct.PostAsync(path, body)).MustBe(200);
        var actual = (await keypace.Api.PostAsync(path, body, ("x-keypace-key", Uri.EscapeDataString(name)))).MustBe(200);

        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.Header("Content-Type"), actual.Header("Content-Type"));
    }

    [Fact]
    public async Task Each_event_reaches_the_caller_before_the_hub_sends_the_next()
    {
        using var seen = new SemaphoreSlim(0);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(),
            Chunks = 6,
            BeforeEvent = (number, ct) => number == 0 ? Task.CompletedTask : seen.WaitAsync(ct),
        });
        await keypace.StoreKeyAsync(hub, "unbuffered");

        using var answer = await keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "unbuffered", Patience());
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8);
        var events = 0;
        while (await reader.ReadLineAsync(Patience()) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                events++;
                // After the end comes the chunk with the token counts, which was asked for here and is taken out again.
                seen.Release(line.Contains("\"stop\"", StringComparison.Ordinal) ? 2 : 1);
            }
        }

        Assert.Equal(9, events); // role, six pieces, the end, [DONE]
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Usage_is_learnt_either_way_and_shown_only_to_who_asked(bool asked)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var name = $"usage {asked}";
        var id = await keypace.StoreKeyAsync(hub, name);
        object body = asked
            ? new { model = "m", stream = true, stream_options = new { include_usage = true }, messages = Array.Empty<object>() }
            : new { model = "m", stream = true, messages = Array.Empty<object>() };

        var answer = (await keypace.Api.PostAsync("/v1/chat/completions", body, ("x-keypace-key", Uri.EscapeDataString(name)))).MustBe(200);

        Assert.Equal(asked, answer.Text.Contains("\"usage\":{", StringComparison.Ordinal));
        Assert.EndsWith("data: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
        await Until.TrueAsync(async () => (await keypace.Api.GetAsync($"/v1/api-keys/{id}/queries")).MustBe(200)["results"].GetArrayLength() == 1, "the query is recorded");
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_query_at_the_hub()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions
        {
            RequiredKey = Secrets.New(), Fault = HubFault.StallBetweenChunks, FaultTimes = 1,
        });
        await keypace.StoreKeyAsync(hub, "leaves mid-stream");
        using var leaving = new CancellationTokenSource();
        using (var answer = await keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "leaves mid-stream", leaving.Token))
        {
            var stream = await answer.Content.ReadAsStreamAsync();
            Assert.NotEqual(0, await stream.ReadAsync(new byte[64], Patience()));
        }

        await Until.TrueAsync(() => hub.Log.Snapshot() is [{ CallerLeft: true }], "the hub sees that nobody listens any more");
    }

    [Fact]
    public async Task A_caller_who_leaves_before_the_first_byte_ends_the_query_at_the_hub()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.HangBeforeFirstByte });
        await keypace.StoreKeyAsync(hub, "leaves early");
        using var leaving = new CancellationTokenSource();
        var left = keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m"), "leaves early", leaving.Token);
        await Until.TrueAsync(() => hub.Log.Count == 1, "the query is at the hub");

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Until.TrueAsync(() => hub.Log.Snapshot() is [{ CallerLeft: true }], "the hub sees that nobody listens any more");
    }

    [Fact]
    public async Task A_hub_that_breaks_off_mid_stream_breaks_the_answer_off_too()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.CloseMidStream });
        await keypace.StoreKeyAsync(hub, "broken stream");

        using var answer = await keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("m", stream: true), "broken stream", Patience());
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8);
        string? text = null;
        var broken = await Record.ExceptionAsync(async () => text = await reader.ReadToEndAsync(Patience()));

        // Either the connection ends before the body does, or an event says what happened; never a stream that looks complete.
        Assert.True(broken is IOException or HttpRequestException || text!.Contains("\"error\"", StringComparison.Ordinal), $"{broken} {text}");
        Assert.DoesNotContain("[DONE]", text ?? "", StringComparison.Ordinal);
        Assert.Equal(1, hub.Log.Count);
    }

    private static CancellationToken Patience() => new CancellationTokenSource(Until.Deadline).Token;
}
