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
    private readonly Dictionary<int, long> _pausedUntil = [];
    private long _unknownUntil = long.MinValue;

    private readonly Dictionary<int, (RateLimit Limit, long Since)> _taught = [];   // by secret

    public int Sends { get; private set; }

    /// <summary>A hub taught a lower limit of a secret: it holds wherever the secret goes, until <see cref="Forgot"/>.</summary>
    public void Taught(int source, RateLimit limit) => _taught[source] = (limit, world.RealNow);

    public void Forgot(int source) => _taught.Remove(source);

    public void ForgotIn(IEnumerable<int> sources) => sources.ToList().ForEach(source => _taught.Remove(source));

    public void ForgotAll() => _taught.Clear();

    public void RulesAre(int group, GroupRules rules)
    {
        var before = _rules.GetValueOrDefault(group);
        if (before is not null && before.Limit.Seconds < rules.Limit.Seconds)
        {
            _rateSince[group] = Math.Max(_rateSince.GetValueOrDefault(group, long.MinValue), world.RealNow - (before.Limit.Seconds * Second));
        }

        foreach (var quota in rules.Quotas)
        {
            var reach = quota.Zone is null ? quota.Seconds : 86_400;
            _coarsest[(group, quota.Dimension)] = Math.Max(reach, _coarsest.GetValueOrDefault((group, quota.Dimension)));
            if (before is not null && !before.Quotas.Any(other => other.CountsLike(quota)))
            {
                _countsSince[(group, Like(quota))] = world.RealNow;
            }
        }

        _rules[group] = rules;
    }

    public void Paused(int group, TimeSpan time) =>
        _pausedUntil[group] = Math.Max(_pausedUntil.GetValueOrDefault(group, long.MinValue), world.RealNow + MonotonicClock.NanosecondsOf(time));

    public void Resumed(int group) => _pausedUntil.Remove(group);

    /// <summary>A process is gone. Its hubs end what ran when they notice, and until then what is lost waits out.</summary>
    public void Died(List<LifeQuery> queries)
    {
        queries.ForEach(query => query.IsRunning = false);
        _unknownUntil = long.MaxValue;   // what was assumed may count for a day: use is judged in lives without kills
        _pausedUntil.Clear();            // pauses of the hub are not kept over a kill
    }

    /// <summary>What comes along may be known coarsely, by a 500th of a day: use is judged again when that is over.</summary>
    public void Moved() => _unknownUntil = _unknownUntil == long.MaxValue ? long.MaxValue : Math.Max(_unknownUntil, world.RealNow + (300 * Second));

    /// <summary>Every limit allows what just left.</summary>
    public void Sent(LifeQuery query, int group, int[] groupOf)
    {
        (query.SentAt, query.SentOn, query.SentIn, query.SentUnder) = (world.RealNow, world.Time.GetUtcNow(), group, _rules[group]);
        _sent.Add(query);
        Sends++;
        if (query.WasOut)
        {
            return;
        }

        if (_taught.TryGetValue(query.Source, out var taught))
        {
            var since = Math.Max(taught.Since, world.RealNow - (taught.Limit.Seconds * Second));
            var sent = _sent.Count(each => each.Source == query.Source && each.SentAt > since);
            Assert.True(sent <= taught.Limit.Count, $"{sent} of the {taught.Limit} that the hub taught of secret {query.Source}, {life()}");
        }

        var rules = _rules[group];
        var keys = Enumerable.Range(0, groupOf.Length).Where(key => groupOf[key] == group).ToHashSet();
        var from = Math.Max(world.RealNow - (rules.Limit.Seconds * Second), _rateSince.GetValueOrDefault(group, long.MinValue));
        var many = _sent.Count(sent =>
            keys.Contains(sent.Key) && sent.SentAt > from && (sent.SentIn == group || sent.SentUnder.Limit.Seconds >= rules.Limit.Seconds));
        Assert.True(many <= rules.Limit.Count, $"{many} of {rules.Limit}, {life()}");
        Assert.True(_pausedUntil.GetValueOrDefault(group, long.MinValue) <= world.RealNow, $"It was paused, {life()}");
        foreach (var quota in rules.Quotas.Where(quota => quota.Model is null || quota.Model == query.Need.Model))
        {
            var used = Used(quota, group, keys, 0);
            Assert.True(used <= quota.Limit, $"{used} of {quota.Dimension} {quota.Limit} in {quota.Zone?.Id ?? $"{quota.Seconds} s"} {quota.Model}, {life()}");
        }
    }

    /// <summary>
    /// Whoever waits has a limit in the way: not all who wait may go at once by the plain lists, with what a meter's slots, a clock's dead band
    /// and a disk's moment cost. Only where nothing is assumed of an earlier process.
    /// </summary>
    public void NothingIsFree(List<LifeQuery> queries, int[] groupOf, PacedGroup[] groups)
    {
        for (var group = 0; group < groups.Length; group++)
        {
            var waiting = queries.FindAll(query => query.Turn.State == TicketState.Waiting && groupOf[query.Key] == group);
            if (waiting.Count == 0 || world.RealNow < _unknownUntil || world.RealNow < _pausedUntil.GetValueOrDefault(group, long.MinValue) + Second
                || queries.Exists(query => query.Turn.IsGranted) || _taught.Count > 0)
            {
                continue;
            }

            var rules = _rules[group];
            var slack = (rules.Limit.Seconds * Second / 50) + Second;
            var many = _sent.Count(sent => sent.SentAt > world.RealNow - (rules.Limit.Seconds * Second) - slack);
            if (many < rules.Limit.Count && waiting.TrueForAll(query => rules.Quotas.All(quota => HasRoom(quota, group, query))))
            {
                Assert.Fail($"{waiting.Count} wait in group {group} and all is free: {groups[group].Status().Binding}, {life()}");
            }
        }
    }

    private bool HasRoom(Quota quota, int group, LifeQuery query) =>
        (quota.Model is not null && quota.Model != query.Need.Model)
        || Used(quota, group, null, (quota.Seconds * Second / 50) + (_coarsest[(group, quota.Dimension)] * Second / 400) + Second) + Takes(quota, query.Need) <= quota.Limit;

    /// <param name="keys">Null: all.</param>
    private long Used(Quota quota, int group, HashSet<int>? keys, long slack)
    {
        var since = keys is null ? long.MinValue : _countsSince.GetValueOrDefault((group, Like(quota)), long.MinValue);
        return _sent.Where(sent => (keys is null || keys.Contains(sent.Key)) && (quota.Model is null || quota.Model == sent.Need.Model)).Sum(sent =>
            quota.Dimension == QuotaDimension.Concurrent ? sent.IsRunning ? 1
            : 0
            : sent.SentAt >= since && Counts(quota, sent, slack) && (keys is null || WasCounted(quota, sent, group)) ? Takes(quota, sent.Used) : 0);
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
