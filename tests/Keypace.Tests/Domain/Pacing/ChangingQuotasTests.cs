using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What was used outlives every change of the limits.</summary>
public sealed class ChangingQuotasTests
{
    private const long Second = SendWindow.Second;
    private const long Hour = 3600 * Second;
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly Quota Tokens = new(QuotaDimension.Tokens, 1000, 60);
    private static readonly Quota Day = new(QuotaDimension.Requests, 3, Zone: TimeZoneInfo.Utc);
    private readonly Pacer _pacer = new(new RateLimit(1000, 60), 0, QueueBounds.Default);

    public static TheoryData<Quota, Quota> Changed => new()
    {
        { Tokens, Tokens },
        { Tokens, Tokens with { Seconds = 61 } },
        { Tokens, Tokens with { Seconds = 59 } },
        { Tokens, Tokens with { Limit = 900 } },
        { Tokens, Tokens with { Model = "a" } },
        { Tokens with { Model = "a" }, Tokens },
        { Day, Day },
        { Day, Day with { Model = "a" } },
        { Day, Day with { Zone = null, Seconds = 86_400 } },
        { Day with { Zone = null, Seconds = 86_400 }, Day },
        { new Quota(QuotaDimension.Concurrent, 3), new Quota(QuotaDimension.Concurrent, 3) },
        { new Quota(QuotaDimension.Concurrent, 3), new Quota(QuotaDimension.Concurrent, 3, Model: "a") },
        { new Quota(QuotaDimension.Requests, 3, 60), new Quota(QuotaDimension.Requests, 3, 50) },
    };

    [Theory]
    [MemberData(nameof(Changed))]
    public void A_limit_that_is_changed_or_taken_away_and_set_again_counts_what_was_used(Quota before, Quota after)
    {
        _pacer.ChangeQuotas([before], Noon, 0);
        for (var i = 0; i < 3; i++)
            Assert.Equal(TicketState.Sent, Send(300, Second).State);

        _pacer.ChangeQuotas([], Noon, 2 * Second);
        Assert.Empty(_pacer.Quotas);
        Assert.Empty(_pacer.QuotasAt(2 * Second));
        _pacer.ChangeQuotas([after], Noon, 3 * Second);
        Assert.Equal(TicketState.Waiting, Send(300, 3 * Second).State);
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData("a", 2)]
    [InlineData("b", 2)]
    public void A_new_limit_of_requests_counts_what_records_tell_of_longer_ago_than_the_window_reaches(string? model, int left)
    {
        Assert.Equal(TicketState.Sent, Send(1, 100 * Second).State);   // among the records too
        PastUse[] records =
        [
            new(Noon.AddSeconds(-20), "a", 2, 0, 0), new(Noon.AddSeconds(-15), "b", 3, 0, 0), new(Noon.AddSeconds(100), "a", 1, 0, 0), new(Noon.AddHours(-2), "a", 9, 0, 0),
        ];
        var most = model is null ? 8 : 5;
        Quota quota = new(QuotaDimension.Requests, most, 3600, Model: model);
        _pacer.ChangeQuotas([quota], Noon.AddSeconds(110), 110 * Second);
        _pacer.AssumeOlder([quota], records, Noon.AddSeconds(110), 110 * Second);
        var used = Assert.Single(_pacer.QuotasAt(110 * Second)).Used;
        Assert.Equal(most - left, used);
        _pacer.AssumeOlder([quota with { Seconds = 60 }], records, Noon.AddSeconds(110), 110 * Second);
        Assert.Equal(used, Assert.Single(_pacer.QuotasAt(110 * Second)).Used);
    }

    [Fact]
    public void While_only_a_models_limit_is_in_the_way_it_is_told_with_its_time()
    {
        _pacer.ChangeQuotas([new(QuotaDimension.Requests, 1, 10, Model: "a"), new(QuotaDimension.Requests, 1, 20, Model: "b")], Noon, 0);
        Assert.Equal(BindingKind.None, _pacer.BindingAt(Second, ofModels: true).Kind);
        Assert.Equal(Second, _pacer.NextStart(Second));
        Send(1, 2 * Second, "b");
        Send(1, 3 * Second, "a");
        Assert.Equal("a", _pacer.BindingAt(4 * Second, ofModels: true).Quota!.Model);
        Assert.InRange(_pacer.NextStart(4 * Second), 13 * Second, 14 * Second);
        Assert.Equal(BindingKind.None, _pacer.BindingAt(4 * Second).Kind);
    }

    [Fact]
    public void What_is_used_while_a_limit_is_away_counts_when_it_is_set_again()
    {
        _pacer.ChangeQuotas([Tokens], Noon, 0);
        _pacer.ChangeQuotas([], Noon, Second);
        Assert.True(_pacer.KnowsTokens);
        Assert.Equal(TicketState.Sent, Send(5000, 2 * Second).State);
        _pacer.ChangeQuotas([Tokens], Noon, 3 * Second);
        Assert.Equal(TicketState.Waiting, Send(1, 3 * Second).State);
        _pacer.ChangeQuotas([], Noon, 4 * Second);
        _pacer.ForgetKept(Noon, 24 * Hour);
        Assert.True(_pacer.KnowsTokens);
        _pacer.ForgetKept(Noon, (24 * Hour) + (4 * Second));
        Assert.False(_pacer.KnowsTokens);
    }

    [Fact]
    public void A_limit_that_there_never_was_counts_from_now_on_but_for_requests_and_what_runs()
    {
        var done = Send(600, 0);
        _pacer.Settle(done, 600, 0, 0);
        _pacer.Ended(done);
        Send(600, 0);
        _pacer.ChangeQuotas([Tokens, new Quota(QuotaDimension.Concurrent, 2), new Quota(QuotaDimension.Requests, 5, 30)], Noon, Second);
        Assert.Equal([600, 1, 2], _pacer.QuotasAt(Second).Select(use => use.Used));
    }

    [Fact]
    public void What_runs_while_a_limit_changes_is_settled_and_ends_under_the_new_one()
    {
        _pacer.ChangeQuotas([Tokens, new Quota(QuotaDimension.Concurrent, 2)], Noon, 0);
        var (sent, granted) = (Send(300, 0), new PlainTicket());
        Assert.Equal(EntryEnd.Granted, _pacer.Enqueue(granted, Needs(200), 0));
        _pacer.ChangeQuotas([Tokens with { Seconds = 70 }, new Quota(QuotaDimension.Concurrent, 3, Model: "a")], Noon, Second);
        Assert.Equal([500, 2], _pacer.QuotasAt(Second).Select(use => use.Used));
        _pacer.Sent(granted, 2 * Second);
        _pacer.Settle(sent, 50, 30, 3 * Second);
        _pacer.Settle(granted, 900, 0, 3 * Second);
        Assert.Equal([980, 2], _pacer.QuotasAt(3 * Second).Select(use => use.Used));
        _pacer.Ended(sent);
        _pacer.Ended(granted);
        Assert.Equal([980, 0], _pacer.QuotasAt(3 * Second).Select(use => use.Used));
        Assert.Equal(0, _pacer.QuotasAt(80 * Second)[0].Used);
    }

    [Fact]
    public void A_narrow_limit_counts_what_a_wide_one_knows_for_it_may_have_been_all_of_it()
    {
        _pacer.ChangeQuotas([Tokens], Noon, 0);
        var other = Send(400, 0, "b");
        _pacer.Settle(other, 400, 0, 0);
        _pacer.Ended(other);
        Send(300, 0);   // it runs, so its model is known
        _pacer.ChangeQuotas([Tokens with { Model = "a" }, Tokens with { Model = "b" }], Noon, Second);
        Assert.Equal([700, 400], _pacer.QuotasAt(Second).Select(use => use.Used));
    }

    private static Arrival Needs(long tokens, string model = "a") => new("t", "", Need: new QueryNeed(model, tokens, 0));

    private PlainTicket Send(long tokens, long now, string model = "a")
    {
        var ticket = new PlainTicket();
        if (_pacer.Enqueue(ticket, Needs(tokens, model), now) == EntryEnd.Granted)
            _pacer.Sent(ticket, now);

        return ticket;
    }
}
