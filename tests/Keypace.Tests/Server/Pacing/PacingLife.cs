using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>
/// One random life of a machine with three keys in three rate groups, in virtual time: queries, answers, kills, power failures, clean stops, changed
/// limits, keys that move, pauses, idle times. <see cref="LifeJudge"/> looks on. A seed plays the same life each time
/// (<c>KEYPACE_SEED=17</c>); a failure prints its last steps.
/// A step is a short stretch of time in which queries come and go, or one of the <see cref="LifeKinds"/>. To try something new, add a kind and a
/// case in <see cref="StepAsync"/>, and what must hold after it to the judge.
/// </summary>
internal sealed partial class PacingLife
{
    private const int Keys = 3;

    private readonly Random _chance;
    private readonly int _seed;
    private readonly LifeKinds[] _kinds;
    private readonly PacingWorld _world;
    private readonly LifeJudge _judge;
    private readonly List<LifeQuery> _queries = [];
    private readonly List<string> _steps = [];
    private readonly Guid[] _groups = [Id(10), Id(11), Id(12)];
    private readonly GroupRules[] _rules;
    private readonly int[] _groupOf = [0, 0, 1];    // by key
    private readonly int[] _sourceOf = [0, 1, 2];   // the same
    private int _sources = Keys;
    private bool _isQuiet;

    public PacingLife(int seed, LifeKinds kinds)
    {
        (_seed, _chance) = (seed, new Random(seed));
        _kinds = [.. Enum.GetValues<LifeKinds>().Where(kind => kind is not (LifeKinds.None or LifeKinds.All) && kinds.HasFlag(kind))];
        _world = new PacingWorld();
        _world.BackgroundRuns = () => _chance.Next(3) == 0;
        _rules = [AnyRules(), AnyRules(), AnyRules()];
        _judge = new LifeJudge(_world, () => this.ToString());
        for (var group = 0; group < _groups.Length; group++)
            _judge.RulesAre(group, _rules[group]);
    }

    public int Sends => _judge.Sends;

    public async Task PlayAsync(int steps)
    {
        for (var step = 0; step < steps; step++)
            await StepAsync();
    }

    public override string ToString() => $"seed {_seed}, {string.Join(" | ", _rules.Select(Text))}\n  {string.Join("\n  ", _steps.TakeLast(40))}";

    private async Task StepAsync()
    {
        switch (_kinds.Length > 0 && _chance.Next(5) == 0 ? _kinds[_chance.Next(_kinds.Length)] : LifeKinds.None)
        {
            case LifeKinds.Kills:
                var down = TimeSpan.FromMilliseconds(_chance.Next(2) == 0 ? 0 : _chance.Next(3000));
                Note($"kill -9, down {down}");
                Die();
                _world.KillAndStart(down);
                Begin();
                break;
            case LifeKinds.PowerFailures:
                Note("power failure");
                Die();
                _world.LosePowerAndStart(
                    TimeSpan.FromMilliseconds(_chance.Next(3000)), TimeSpan.FromMilliseconds(_chance.Next(3000)), _chance.Next(60), WallIsBehind());
                Begin();
                break;
            case LifeKinds.Stops:
                Note("clean stop");
                foreach (var query in _queries.Where(query => query.Turn.IsGranted).ToArray())
                    Send(query);

                await _world.Groups.StopAsync();
                foreach (var query in _queries.Where(query => query.IsRunning && _chance.Next(2) == 0).ToArray())
                {
                    End(query);   // it had the time of the shutdown
                }

                Die();
                _world.Journal.Dispose();
                _world.Start();
                Begin();
                break;
            case LifeKinds.Limits:
                PermitsAreOut();
                var changed = _chance.Next(_groups.Length);
                _rules[changed] = _chance.Next(3) == 0 ? AnyRules() : _rules[changed] with { Limit = AnyLimit() };
                Note($"group {changed}: {Text(_rules[changed])}");
                _judge.RulesAre(changed, _rules[changed]);
                _judge.ForgotIn(SourcesIn(changed));
                _world.Groups.Configure(_groups[changed], RulesOf(changed));
                break;
            case LifeKinds.Moves:
                PermitsAreOut();
                var key = _chance.Next(Keys);
                await MoveAsync(key, AnyOtherGroup(key));
                break;
            case LifeKinds.BrokenMoves:
                await BreakMoveAsync(_chance.Next(Keys));
                break;
            case LifeKinds.Secrets:
                PermitsAreOut();
                await ChangeSecretAsync(_chance.Next(Keys));
                break;
            case LifeKinds.Lessons:
                Teach(_chance.Next(Keys));
                break;
            case LifeKinds.Pauses:
                Refuse(_chance.Next(Keys));
                break;
            case LifeKinds.Foresight:
                Foretell();
                break;
            case LifeKinds.Idle:
                Note("idle");
                _world.Pass(TimeSpan.FromSeconds(_chance.Next(150)), 500, Go);
                break;
            default:
                _isQuiet = _chance.Next(4) == 0;
                _world.Pass(TimeSpan.FromMilliseconds(_chance.Next(4000)), 100, () =>
                {
                    Come();
                    Go();
                });
                break;
        }
    }

    /// <summary>After a power failure the wall clock is right, or has stood still for a while, or for years.</summary>
    private TimeSpan WallIsBehind() => _chance.Next(3) switch
    {
        0 => TimeSpan.Zero,
        1 => TimeSpan.FromSeconds(_chance.Next(7200)),
        _ => TimeSpan.FromDays(_chance.Next(9000)),
    };

    /// <summary>Queries come.</summary>
    private void Come()
    {
        for (var many = _isQuiet ? _chance.Next(20) / 19 : _chance.Next(4); many > 0 && _queries.Count(query => query.Turn.State == TicketState.Waiting) < 60; many--)
        {
            var key = _chance.Next(Keys);
            Enter(key, AnyNeed(key));
        }
    }

    /// <summary>The query; null, and why it was refused, when it was.</summary>
    private LifeQuery? Enter(int key, QueryNeed need, TimeSpan patience, out EntryRefusal? refusal)
    {
        var entry = new Entry("t", $"c{key}", 1, QueryClass.Interactive, patience, Need: need, ApiKeyId: Id(key));
        _world.Disk.IsQueryRunning = true;
        var admission = Group(_groupOf[key]).Enter(entry);
        _world.Disk.IsQueryRunning = false;
        if (!admission.TryGet(out var turn, out refusal))
            return null;

        _queries.Add(new LifeQuery(turn, key, need) { Source = _sourceOf[key] });
        return _queries[^1];
    }

    private void Enter(int key, QueryNeed need) => Enter(key, need, TimeSpan.FromHours(10), out _);

    /// <summary>Those with a permit leave, answers end, some callers lose patience.</summary>
    private void Go()
    {
        foreach (var query in _queries.ToArray())
        {
            if (query.Turn.IsGranted && _chance.Next(4) != 0)
                Send(query);
            else if (query.IsRunning && _chance.Next(12) == 0)
                End(query);
            else if (query.Turn.State is TicketState.Waiting && _chance.Next(200) == 0)
                query.Turn.GiveBack();
        }

        _queries.RemoveAll(query => query.HasEnded || query.Turn.State is TicketState.Cancelled or TicketState.Returned or TicketState.Expired && !query.Turn.IsMoved);
        if (_world.IsSettled)
            _judge.NothingIsFree(_queries, _groupOf, Enumerable.Range(0, _groups.Length).Select(Group).ToArray());
    }

    private void Send(LifeQuery query)
    {
        query.Turn.Leaving();
        query.Turn.Sent();
        query.IsRunning = true;
        _judge.Sent(query, _groupOf[query.Key], _groupOf);
    }

    private void End(LifeQuery query)
    {
        (query.IsRunning, query.HasEnded) = (false, true);
        if (_chance.Next(5) != 0)
        {
            query.Used = query.Need with { OutputTokens = _chance.NextInt64(query.Need.OutputTokens + 1) };
            query.Turn.Settle(query.Used.InputTokens, query.Used.OutputTokens);
        }

        query.Turn.Ended();
    }

    /// <summary>Permits that were granted before a change may still be used after it; they count for whoever comes next.</summary>
    private void PermitsAreOut()
    {
        foreach (var query in _queries.Where(query => query.Turn.IsGranted))
            query.WasOut = true;
    }

    /// <summary>The process is gone: whoever waited has gone too, and hubs notice soon that nobody listens.</summary>
    private void Die()
    {
        _judge.Died(_queries);
        _queries.Clear();
    }

    /// <summary>As at a start: every group with limits is made, with its rules.</summary>
    private void Begin()
    {
        _world.Disk.IsBroken = false;
        for (var group = 0; group < _groups.Length; group++)
            Group(group);

        RecallLessons();
    }

    /// <summary>What a move sent away enters the line of the key's new group.</summary>
    private void ComeBack()
    {
        foreach (var query in _queries.Where(query => query.Turn.IsMoved).ToArray())
        {
            _queries.Remove(query);
            Enter(query.Key, query.Need with { Source = Source(_sourceOf[query.Key]) });
        }
    }

    private PacedGroup Group(int group) => _world.Groups.Get(_groups[group], RulesOf(group));

    /// <summary>What the group's keys say together.</summary>
    private GroupRules RulesOf(int group) => _rules[group] with
    {
        HasSeveralSources = Enumerable.Range(0, Keys).Where(key => _groupOf[key] == group).Select(key => _sourceOf[key]).Distinct().Count() > 1,
    };

    private IEnumerable<int> SourcesIn(int group) => Enumerable.Range(0, Keys).Where(key => _groupOf[key] == group).Select(key => _sourceOf[key]).Distinct();

    private QueryNeed AnyNeed(int key) => new(_chance.Next(2) == 0 ? "a" : "b", _chance.Next(15), 1 + _chance.Next(60), Source(_sourceOf[key]));

    private GroupRules AnyRules() => new(AnyLimit()) { Quotas = [.. Enumerable.Range(0, _chance.Next(4)).Select(_ => AnyQuota()).DistinctBy(quota => (quota.Dimension, quota.Seconds, quota.Model))] };

    private RateLimit AnyLimit() => new(1 + _chance.Next(40), 1 + _chance.Next(20));

    private Quota AnyQuota()
    {
        var model = _chance.Next(3) == 0 ? "a" : null;
        return (QuotaDimension)_chance.Next(5) switch
        {
            QuotaDimension.Concurrent => new Quota(QuotaDimension.Concurrent, 1 + _chance.Next(8), Model: model),
            QuotaDimension.Requests => _chance.Next(3) == 0
                ? new Quota(QuotaDimension.Requests, 20 + _chance.Next(200), Zone: TimeZoneInfo.Utc, Model: model)
                : new Quota(QuotaDimension.Requests, 1 + _chance.Next(40), _chance.Next(4) == 0 ? 86_400 : 1 + _chance.Next(60), Model: model),
            var tokens => new Quota(tokens, 80 + _chance.Next(1500), _chance.Next(4) == 0 ? 3_600 : 1 + _chance.Next(60), Model: model),
        };
    }

    private void Note(string step) => _steps.Add($"{_world.RealNow / 1e9:0.000}: {step}");

    private static string Text(GroupRules rules) =>
        $"{rules.Limit} {string.Join("; ", rules.Quotas.Select(quota => $"{quota.Dimension} {quota.Limit}/{quota.Zone?.Id ?? $"{quota.Seconds}"} {quota.Model}"))}";

    private static Guid Source(int source) => Id(100 + source);

    private static Guid Id(int number) => new($"0193f5a0-0000-7000-8000-{number:000000000000}");
}
