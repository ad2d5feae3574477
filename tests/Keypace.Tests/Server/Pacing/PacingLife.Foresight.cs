using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What a life is told of what is to come, and what comes: exact while nobody comes, cancels or uses other than reserved.</summary>
internal sealed partial class PacingLife
{
    /// <summary>Timers take whole milliseconds, up; once for the turn itself and once for each window before it.</summary>
    private static readonly TimeSpan Coarse = TimeSpan.FromMilliseconds(2);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Told that were judged by what came.</summary>
    public int Foretold { get; private set; }

    private void Foretell()
    {
        SendGranted();
        _world.PassToNext(TimeSpan.Zero);
        SendGranted();
        var key = _chance.Next(Keys);
        var need = AnyNeed(key);
        var group = _groupOf[key];
        if (Told(key, need) is not { } told)
            return;

        var start = _world.RealNow;
        if (Enter(key, need, TimeSpan.FromHours(10), out var refusal) is not { } last)
        {
            Assert.True(refusal!.Kind is EntryRefusalKind.TooLarge or EntryRefusalKind.CircuitOpen || told == TimeSpan.MaxValue || told > TimeSpan.FromHours(10), $"Refused: {refusal}, told {told}, {this}");
            return;
        }

        var status = Group(group).Status();
        var nextFree = status.NextFreeAt is { } at ? at - _world.Time.GetUtcNow() : (TimeSpan?)null;
        Note($"foretold: {told}, next in group {group} {nextFree}, {last.Turn.State}, {last.Need.Model} {need.InputTokens} + {need.OutputTokens}, binds {status.Binding} {last.Turn.BoundBy}");
        var isExact = _queries.Count(query => query.Turn.State == TicketState.Waiting && _groupOf[query.Key] == group) <= Pacer.PlayedOut;
        // How long what runs will take nobody knows.
        var isKnown = !_rules[group].Quotas.Any(quota => quota.Dimension == QuotaDimension.Concurrent);
        TimeSpan? first = null;
        for (var passed = TimeSpan.Zero; last.Turn.State == TicketState.Waiting && passed < (told < Longest ? told + Slack(group, told) + TimeSpan.FromSeconds(1) : Longest);)
        {
            _world.PassToNext(TimeSpan.FromSeconds(1));
            passed = TimeSpan.FromTicks((_world.RealNow - start) / 100);
            first ??= _queries.Exists(query => query.Turn.IsGranted && _groupOf[query.Key] == group) ? passed : null;
            SendGranted();
        }

        var took = TimeSpan.FromTicks((_world.RealNow - start) / 100);
        var slack = Slack(group, took);
        if (last.Turn.State != TicketState.Sent)
        {
            Assert.True(told > Longest || !isExact || !isKnown, $"Told {told}, and it still waits after {took}, {this}");
        }
        else if (isExact && isKnown)
        {
            Assert.True(told != TimeSpan.MaxValue && (took - told).Duration() <= slack, $"Told {told}, came after {took}, {this}");
            Foretold += told > TimeSpan.Zero ? 1 : 0;
        }

        if (first is { } came && isKnown && status.WaitingNow > 0)
            Assert.True(nextFree is { } free && (came - free).Duration() <= slack, $"The next was to be free in {nextFree} and went after {came}, {this}");

        Go();
    }

    /// <summary>
    /// A timer that is a millisecond late puts what it sends into the next of the 500 slots of a limit's interval; after some intervals another may go
    /// first because of it, and then it is a turn of that limit. What a hub taught of one secret is such a limit too.
    /// </summary>
    private TimeSpan Slack(int group, TimeSpan took) => _rules[group].Quotas.Where(quota => quota.Zone is null && quota.Seconds > 0).Select(quota => quota.Seconds).Concat(_judge.TaughtSeconds).Aggregate(
        Coarse * (2 + (int)(took.TotalSeconds / _rules[group].Limit.Seconds)),
        (sum, seconds) => sum + TimeSpan.FromSeconds(took.TotalSeconds > 2 * seconds ? seconds : seconds / 250.0));

    /// <summary>What one is told that will not wait: the same as one that waits. Null when it would go at once, and then it goes.</summary>
    private TimeSpan? Told(int key, QueryNeed need)
    {
        var waits = Group(_groupOf[key]).Outlook(new Entry("t", $"c{key}", 1, QueryClass.Interactive, TimeSpan.FromHours(10), Need: need, ApiKeyId: Id(key))).Wait;
        if (Enter(key, need, TimeSpan.Zero, out var refusal) is { } entered)
        {
            Assert.True(entered.Turn.IsGranted || entered.Turn.ExpectedWait == TimeSpan.Zero, $"It is to wait {entered.Turn.ExpectedWait} and would not, {this}");
            SendGranted();
            return null;
        }

        if (refusal is not { Kind: EntryRefusalKind.TooLate } late)
            return null;

        Assert.True(late.Quota?.Dimension is QuotaDimension.Concurrent || late.RetryAfter == waits, $"One that does not wait is told {late.RetryAfter}, one that does {waits}, {this}");
        return waits;
    }

    private void SendGranted()
    {
        foreach (var query in _queries.Where(query => query.Turn.IsGranted).ToArray())
            Send(query);

        _world.PassToNext(TimeSpan.Zero);
    }
}
