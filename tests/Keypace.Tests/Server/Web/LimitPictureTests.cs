using Keypace.Contracts;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Pictures;

namespace Keypace.Tests.Server.Web;

/// <summary>The numbers behind the live picture, against plain sums.</summary>
public sealed class LimitPictureTests
{
    private const int Limit = 30;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Windows_and_sums_are_those_of_the_buckets(int seed)
    {
        var status = Status(new Random(seed), buckets: 180, waiting: 0);
        var past = SendPast.Of(status, 3);
        var totals = status.History!.Sends.Select(row => row.Sum()).ToList();
        Assert.Equal(totals, past.Totals);
        Assert.Equal(121, past.Windows.Count);
        for (var i = 0; i < past.Windows.Count; i++)
            Assert.Equal(totals.Skip(i).Take(60).Sum(), past.Windows[i]);
        for (var window = 0; window < 3; window++)
            Assert.Equal(totals.Skip(180 - (window + 1) * 60).Take(60).Sum(), past.Sent(window));
        Assert.Equal(status.History.Sends.Skip(120).Sum(row => row[1]), past.SentNow(1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Starts_to_come_keep_the_limit_and_empty_the_line(int seed)
    {
        var status = Status(new Random(seed), buckets: 180, waiting: 25);
        var past = SendPast.Of(status, 3);
        status = status with { UsedNow = past.Sent(0) };
        var coming = past.Coming(status, now: 1000);
        Assert.Equal(25, coming.Sum());
        var all = past.Totals.Concat(coming).ToList();
        for (var end = 180; end <= all.Count; end++)
            Assert.True(all.Skip(end - 60).Take(60).Sum() <= Math.Max(Limit, past.Sent(0)), $"Seed {seed}: a window over the limit at {end}.");
    }

    [Fact]
    public void Nothing_starts_during_a_pause()
    {
        var status = Status(new Random(1), buckets: 180, waiting: 5) with { UsedNow = 0, PausedUntil = 1010 };
        var coming = SendPast.Of(status, 3).Coming(status, now: 1000);
        Assert.All(coming.Take(10), starts => Assert.Equal(0, starts));
        Assert.Equal(5, coming.Sum());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Names_from_outside_cannot_become_markup(bool isFull)
    {
        var status = Status(new Random(1), buckets: 180, waiting: 3) with { PausedUntil = 1004, PausedWhy = "<b>no</b>" };
        var frame = new PlotFrame(3, 48, 528, 712, 66, 196, 232, 304, isFull);
        var plot = LimitPlot.Of(status, 1000, frame);
        Assert.NotEmpty(plot.Labels);
        Assert.DoesNotContain(plot.Labels, label => label.Contains("<b>", StringComparison.Ordinal));
        Assert.Contains(plot.Bands, band => band.Css == "p-pause");
    }

    [Fact]
    public void A_key_without_a_past_is_drawn_too()
    {
        var status = Status(new Random(1), buckets: 0, waiting: 0) with { History = null };
        var plot = LimitPlot.Of(status, 1000, new PlotFrame(3, 48, 528, 712, 66, 196, 232, 304, IsFull: true));
        Assert.Contains(plot.Labels, label => label.Contains("No sends in the last 180 s", StringComparison.Ordinal));
    }

    [Fact]
    public void Refusals_are_sorted_by_the_fields_that_a_form_shows()
    {
        var answer = new WireAnswer(422, """{"detail":[{"loc":["body","name"],"msg":"A name.","type":"x"},{"loc":["body","hub_config","region"],"msg":"A region.","type":"x"},{"loc":["body","odd"],"msg":"Odd.","type":"x"}],"code":"invalid"}""");
        var errors = FormErrors.Of(answer, ["name", "hub_config.region"]);
        Assert.Equal(("A name.", "A region.", "odd: Odd.", 2), (errors["name"], errors["hub_config.region"], errors.General, errors.Count));
        Assert.Equal("Taken.", FormErrors.Of(new WireAnswer(409, """{"detail":"Taken.","code":"name_taken"}"""), ["name"])["name"]);
        Assert.True(FormErrors.Of(new WireAnswer(401, """{"detail":"Ended.","code":"session_ended"}"""), []).IsSignedOut);
        Assert.True(FormErrors.Of(new WireAnswer(0, ""), []).HasAny);
    }

    /// <summary>An interval of 60 s, so that a bucket is a second; at most <see cref="Limit"/> in any 60 of them.</summary>
    private static ApiKeyStatus Status(Random random, int buckets, int waiting)
    {
        var sends = new List<IReadOnlyList<int>>();
        for (var i = 0; i < buckets; i++)
        {
            var free = Limit - sends.Skip(Math.Max(0, i - 59)).Sum(row => row.Sum());
            var first = random.Next(0, Math.Min(3, free) + 1);
            sends.Add([first, random.Next(0, Math.Min(2, free - first) + 1)]);
        }

        return new ApiKeyStatus(
            "id", "key", Limit, waiting, [], null, Limit, 60, null, null, 50, "group", ["key"],
            History: new SendHistory(1, 999, ["alice", "<b>bob</b>"], sends));
    }
}
