using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>
/// Looks on as hubs do: plain lists of what left and what it used, by key, over all processes; nothing in common with how the pacer counts. A key's limits
/// are those of the group that it is in, and all of its group's keys together keep them.
/// </summary>
internal sealed class LifeJudge(PacingWorld world, Func<string> life)
{
    private const long Second = SendWindow.Second;

    private readonly List<LifeQuery> _sent = [];
    private readonly Dictionary<int, GroupRules> _rules = [];
    private readonly Dictionary<(int Group, Quota Like), long> _countsSince = [];   // a new limit counts from when it is set, rate limits from the older span
    private readonly Dictionary<int, long> _rateSince = [];
    private readonly Dictionary<(int Group, QuotaDimension Dimension), int> _coarsest = [];   // seconds: what a new limit knows from an old one it knows by a 500th of that
    private readonly Dictionary<int, (long From, long Until)> _paused = [];   // by secret
    private readonly Dictionary<(int Group, Quota Quota), (long Used, long Most)> _uses = [];   // scratch
    private readonly Dictionary<int, (RateLimit Limit, long Since)> _taught = [];   // by secret
    private long _unknownUntil = long.MinValue;
    private long _movedAt = long.MinValue;

    public int Sends { get; private set; }

    /// <summary>A hub taught a lower limit of a secret: it holds wherever the secret goes, until <see cref="Forgot"/>.</summary>
    public void Taught(int source, RateLimit limit) => _taught[source] = (limit, world.RealNow);

    /// <summary>Intervals of what was taught, in seconds: each is a limit beside those that people set.</summary>
    public IEnumerable<int> TaughtSeconds => _taught.Values.Select(taught => taught.Limit.Seconds);

    public void Forgot(int source) => _taught.Remove(source);

    public void ForgotIn(IEnumerable<int> sources) => sources.ToList().ForEach(source => _taught.Remove(source));

    public void RulesAre(int group, GroupRules rules)
    {
        var before = _rules.GetValueOrDefault(group);
        if (before is not null && before.Limit.Seconds < rules.Limit.Seconds)
            _rateSince[group] = Math.Max(_rateSince.GetValueOrDefault(group, long.MinValue), world.RealNow - (before.Limit.Seconds * Second));

        foreach (var quota in rules.Quotas)
        {
            var reach = quota.Zone is null ? quota.Seconds : 86_400;
            _coarsest[(group, quota.Dimension)] = Math.Max(reach, _coarsest.GetValueOrDefault((group, quota.Dimension)));
            if (before is not null && !before.Quotas.Any(other => other.CountsLike(quota)))
                _countsSince[(group, Like(quota))] = world.RealNow;
        }

        _rules[group] = rules;
    }

    /// <summary>The hub told a secret to wait: it holds wherever the secret goes, through kills too, until <see cref="Resumed"/>.</summary>
    public void Paused(int source, TimeSpan time) =>
        _paused[source] = (world.RealNow, Math.Max(_paused.GetValueOrDefault(source).Until, world.RealNow + MonotonicClock.NanosecondsOf(time)));

    public void Resumed(IEnumerable<int> sources) => sources.ToList().ForEach(source => _paused.Remove(source));

    /// <summary>A process is gone. Its hubs end what ran when they notice, and until then what is lost waits out.</summary>
    public void Died(List<LifeQuery> queries)
    {
        queries.ForEach(query => query.IsRunning = false);
        _unknownUntil = long.MaxValue;   // what was assumed may count for a day: use is judged in lives without kills
    }

    /// <summary>What comes along may be known coarsely, by a 500th of a day: use is judged again when that is over.</summary>
    public void Moved() => (_movedAt, _unknownUntil) = (world.RealNow, _unknownUntil == long.MaxValue ? long.MaxValue : Math.Max(_unknownUntil, world.RealNow + (300 * Second)));

    /// <summary>Every limit allows what just left.</summary>
    public void Sent(LifeQuery query, int group, int[] groupOf)
    {
        (query.SentAt, query.SentOn, query.SentIn, query.SentUnder) = (world.RealNow, world.Time.GetUtcNow(), group, _rules[group]);
        _sent.Add(query);
        Sends++;
        if (query.WasOut)
            return;

        if (_taught.TryGetValue(query.Source, out var taught))
        {
            List<LifeQuery> sent = [.. SentAfter(Math.Max(taught.Since, world.RealNow - (taught.Limit.Seconds * Second))).Where(each => each.Source == query.Source)];
            Assert.True(sent.Count <= taught.Limit.Count, $"{sent.Count} of the {taught.Limit} that the hub taught of secret {query.Source} at {taught.Since / 1e9:0.000}, {Told(sent)}, {life()}");
        }

        var rules = _rules[group];
        var keys = Enumerable.Range(0, groupOf.Length).Where(key => groupOf[key] == group).ToHashSet();
        var from = Math.Max(world.RealNow - (rules.Limit.Seconds * Second), _rateSince.GetValueOrDefault(group, long.MinValue));
        List<LifeQuery> many = [.. SentAfter(from).Where(sent => keys.Contains(sent.Key) && (sent.SentIn == group || sent.SentUnder.Limit.Seconds >= rules.Limit.Seconds))];
        Assert.True(many.Count <= rules.Limit.Count, $"{many.Count} of {rules.Limit} in group {group}, {Told(many)}, {life()}");
        Assert.True(_paused.GetValueOrDefault(query.Source).Until <= world.RealNow, $"Its hub said to wait, {life()}");
        foreach (var quota in rules.Quotas.Where(quota => quota.Model is null || quota.Model == query.Need.Model))
        {
            var used = Used(quota, group, keys, 0);
            Assert.True(used <= quota.Limit, $"{used} of {quota.Dimension} {quota.Limit} in {quota.Zone?.Id ?? $"{quota.Seconds} s"} {quota.Model} in group {group}, {Told(Counted(quota, group, keys, 0))}, {life()}");
        }
    }

    private static string Told(IEnumerable<LifeQuery> sends) => string.Concat(sends.Select(sent =>
        $"\n    {sent.SentAt / 1e9:0.000} key {sent.Key} secret {sent.Source} in group {sent.SentIn}: {sent.Need.Model} {sent.Need.InputTokens} + {sent.Need.OutputTokens}, used {sent.Used.InputTokens} + {sent.Used.OutputTokens}{(sent.IsRunning ? ", runs" : "")}"));

    /// <summary>
    /// Whoever waits has a limit in the way: of those whose limits have room, by the plain lists, for each who waits for them, nobody waits. What a meter's
    /// slots and a clock's dead band cost is left to them. Only where nothing is assumed of an earlier process.
    /// </summary>
    public void NothingIsFree(List<LifeQuery> queries, int[] groupOf, PacedGroup[] groups)
    {
        if (world.RealNow < _unknownUntil || _taught.Count > 0 || queries.Exists(query => query.Turn.IsGranted))
            return;

        _uses.Clear();
        for (var group = 0; group < groups.Length; group++)
        {
            var waiting = queries.FindAll(query => query.Turn.State == TicketState.Waiting && groupOf[query.Key] == group);
            var rules = _rules[group];
            if (waiting.Count == 0 || SentAfter(world.RealNow - (rules.Limit.Seconds * Second) - (Second / 10)).Count() >= rules.Limit.Count)
                continue;

            if (waiting.Find(query => !IsPaused(query.Source) && rules.Quotas.All(quota => HasRoom(quota, group, query, waiting))) is { } held)
            {
                Assert.Fail($"{waiting.Count} wait in group {group} and one has room everywhere ({held.Need.Model}, {held.Need.InputTokens} + {held.Need.OutputTokens}): {groups[group].Status().Binding}, {life()}");
            }
        }
    }

    /// <summary>A pause is lengthened by up to a tenth, so that not all come back at once.</summary>
    private bool IsPaused(int source) =>
        _paused.TryGetValue(source, out var pause) && world.RealNow < pause.Until + ((pause.Until - pause.From) / 8) + (2 * Second);

    /// <summary>For the largest that waits for it too: for one that was passed often, room is kept.</summary>
    private bool HasRoom(Quota quota, int group, LifeQuery query, List<LifeQuery> waiting)
    {
        if (quota.Model is not null && quota.Model != query.Need.Model)
            return true;

        if (!_uses.TryGetValue((group, quota), out var use))
        {
            var slack = (quota.Seconds * Second / 50) + (_coarsest[(group, quota.Dimension)] * Second / 400) + Second;
            use = (Used(quota, group, null, slack), waiting.Where(each => quota.Model is null || quota.Model == each.Need.Model).Max(each => Takes(quota, each.Need)));
            _uses.Add((group, quota), use);
        }

        return use.Used + use.Most <= quota.Limit;
    }

    /// <summary>Those that left after that, newest first.</summary>
    private IEnumerable<LifeQuery> SentAfter(long at)
    {
        for (var i = _sent.Count - 1; i >= 0 && _sent[i].SentAt > at; i--)
            yield return _sent[i];
    }

    /// <param name="keys">Null: all.</param>
    private long Used(Quota quota, int group, HashSet<int>? keys, long slack) =>
        Counted(quota, group, keys, slack).Sum(sent => quota.Dimension == QuotaDimension.Concurrent ? 1 : Takes(quota, sent.Used));

    /// <summary>Whether a place is free (no keys) is judged as promised: a limit that was narrowed to a model, or came with a key, counts all that was used before, of whatever model.</summary>
    private IEnumerable<LifeQuery> Counted(Quota quota, int group, HashSet<int>? keys, long slack)
    {
        var setAt = _countsSince.GetValueOrDefault((group, Like(quota)), long.MinValue);
        var since = keys is null ? long.MinValue : setAt;
        var oldest = quota.Zone is null && quota.Dimension != QuotaDimension.Concurrent ? world.RealNow - (quota.Seconds * Second) - slack : long.MinValue;
        return SentAfter(oldest).Where(sent => (keys is null || keys.Contains(sent.Key)) && (quota.Model is null || quota.Model == sent.Need.Model || (keys is null && sent.SentAt <= Math.Max(setAt, _movedAt)))
            && (quota.Dimension == QuotaDimension.Concurrent ? sent.IsRunning
                : sent.SentAt >= since && Counts(quota, sent, slack) && (keys is null || WasCounted(quota, sent, group))));
    }

    /// <summary>What a key brings along is what the group that it came from counted.</summary>
    private static bool WasCounted(Quota quota, LifeQuery sent, int group) => sent.SentIn == group
        || sent.SentUnder.Quotas.Any(there => there.Dimension == quota.Dimension && (there.Model is null || there.Model == quota.Model)
            && (there.Zone is not null || (quota.Zone is null && there.Seconds >= quota.Seconds)));

    private bool Counts(Quota quota, LifeQuery sent, long slack) => quota.Zone is null
        ? sent.SentAt > world.RealNow - (quota.Seconds * Second) - slack
        : sent.SentOn.UtcDateTime.Date == world.Time.GetUtcNow().UtcDateTime.Date;

    private static long Takes(Quota quota, QueryNeed need) => quota.Dimension switch
    {
        QuotaDimension.InputTokens => need.InputTokens,
        QuotaDimension.OutputTokens => need.OutputTokens,
        QuotaDimension.Tokens => need.InputTokens + need.OutputTokens,
        _ => 1,
    };

    private static Quota Like(Quota quota) => quota with { Limit = 1 };
}
