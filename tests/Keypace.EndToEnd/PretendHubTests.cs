using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The judge is judged first: what it counts, and that it enforces what it is told.</summary>
public sealed class PretendHubTests
{
    private const long SecondNs = 1_000_000_000;

    [Fact]
    public void Windows_are_half_open()
    {
        Assert.Equal(1, WindowReport.MostIn([0, 10 * SecondNs], 10 * SecondNs));
        Assert.Equal(2, WindowReport.MostIn([0, (10 * SecondNs) - 1], 10 * SecondNs));
        Assert.Equal(0, WindowReport.MostIn([], SecondNs));
    }

    [Fact]
    public void The_fullest_window_is_found_wherever_it_lies()
    {
        var chance = new Random(7);
        for (var trial = 0; trial < 200; trial++)
        {
            var times = Enumerable.Range(0, 60).Select(_ => (long)chance.Next(0, 1_000)).Order().ToArray();
            var window = chance.Next(1, 300);
            var expected = Enumerable.Range(0, 1_000).Max(start => times.Count(at => at >= start && at < start + window));
            Assert.Equal(expected, WindowReport.MostIn(times, window));
        }
    }

    [Fact]
    public async Task It_refuses_the_wrong_credential_and_what_is_over_its_limit()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = "right", Limit = new HubLimit(2, 60) });
        using var right = new Api(new Uri(hub.Address), "right");
        using var wrong = new Api(new Uri(hub.Address), "wrong");

        (await wrong.ChatAsync("x")).MustBe(401);
        (await right.ChatAsync("x")).MustBe(200);
        (await right.ChatAsync("x")).MustBe(200);
        var refused = (await right.ChatAsync("x", "alice")).MustBe(429);

        Assert.InRange(int.Parse(refused.Header("Retry-After")!, Wire.Culture), 59, 60);
        var report = hub.Log.Report(new HubLimit(2, 60));
        Assert.Equal(4, report.MostInWindow);
        Assert.Equal(1, report.Refused);
        Assert.Equal(1, report.Share["alice"]);
        Assert.False(report.Holds);
    }
}
