using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>
/// One random life of keys that go from rate group to rate group while queries come, hold their permits for a while, run, and the process is
/// killed. No secret is ever seen more than N times in any T, nor more often at once than a limit of concurrency allows, whatever group it was in.
/// </summary>
internal sealed class MovingTrace
{
    private static readonly Guid[] Ids = [.. Enumerable.Range(1, 9).Select(i => new Guid($"0193f5a0-0000-7000-8000-{i:D12}"))];
    private readonly Random _chance;
    private readonly int _seed;
    private readonly GroupRules _rules;
    private readonly int _concurrent;
    private readonly PacingWorld _world = new();
    private readonly Guid[] _groupOf;   // by key; key 0 and 1 share a secret
    private readonly List<(int Source, Departure Departure)> _sent = [];
    private readonly List<Held> _held = [];

    public MovingTrace(int seed)
    {
        (_seed, _chance) = (seed, new Random(seed));
        var limit = new RateLimit(1 + _chance.Next(12), 1 + _chance.Next(4));
        _concurrent = _chance.Next(2) == 0 ? 1 + _chance.Next(6) : int.MaxValue;
        _rules = new GroupRules(limit)
        {
            Quotas = _concurrent < int.MaxValue ? [new Quota(QuotaDimension.Concurrent, _concurrent)] : [],
        };
        _groupOf = [Ids[0], Ids[0], Ids[_chance.Next(2)]];
    }

    public int Moves { get; private set; }

    public int Sends => _sent.Count;

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            switch (_chance.Next(12))
            {
                case < 5:
                    Arrive(_chance.Next(3), _chance.Next(1, 8));
                    break;
                case < 7:
                    Move(_chance.Next(3));
                    break;
                case 7 when _chance.Next(4) == 0:
                    Kill();
                    break;
                default:
                    _world.Pass(TimeSpan.FromMilliseconds(_chance.Next(1, 1500)), each: Use);
                    break;
            }

            Use();
        }

        for (var source = 0; source < 2; source++)
        {
            var over = WindowChecker.FirstOver(_sent.Where(sent => sent.Source == source).Select(sent => sent.Departure), _rules.Limit);
            Assert.True(over is null, $"A window of {_rules.Limit} over at {over}, source {source}, seed {_seed}.");
        }
    }

    private static int SourceOf(int key) => key < 2 ? 0 : 1;

    private void Arrive(int key, int queries)
    {
        // Some looked up the key a moment ago, before it moved.
        for (var i = 0; i < queries; i++)
            Enter(key, _world.Groups.Get(_groupOf[key], _rules));
    }

    private void Enter(int key, PacedGroup group)
    {
        var need = new QueryNeed(null, 1, 1, Ids[6 + SourceOf(key)]);
        if (group.Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromSeconds(30), Need: need, ApiKeyId: Ids[3 + key])).TryGet(out var turn, out _))
            _held.Add(new Held(key, turn, group));
    }

    private void Move(int key)
    {
        var (from, to) = (_groupOf[key], Ids[_chance.Next(3)]);
        if (from == to)
            return;

        var keys = Enumerable.Range(0, 3).Where(each => SourceOf(each) == SourceOf(key)).ToArray();
        _world.Groups.Move(from, _rules, to, new MovingKeys(
            keys.Select(each => Ids[3 + each]).ToHashSet(), Ids[6 + SourceOf(key)], Ids[6 + SourceOf(key)], _rules, _rules));
        Moves++;
        if (_chance.Next(2) == 0)
        {
            Enter(key, _world.Groups.Get(from, _rules));   // it read the key before the move was published
        }

        Array.ForEach(keys, each => _groupOf[each] = to);
    }

    private void Kill()
    {
        _held.Clear();
        _world.KillAndStart(TimeSpan.FromMilliseconds(_chance.Next(300)));
    }

    private void Use()
    {
        foreach (var held in _held.ToArray())
        {
            if (held.Turn.IsMoved && held.Turn.State == TicketState.Cancelled)
            {
                _held.Remove(held);
                Enter(held.Key, _chance.Next(2) == 0 ? held.Group : _world.Groups.Get(_groupOf[held.Key], _rules));
            }
            else if (held.Turn.IsGranted && _chance.Next(3) == 0)
            {
                if (_chance.Next(6) == 0)
                {
                    held.Turn.GiveBack();
                    _held.Remove(held);
                    continue;
                }

                held.Turn.Leaving();
                held.Turn.Sent();
                _sent.Add((SourceOf(held.Key), new Departure(_world.RealNow, 1, _rules.Limit, long.MinValue)));
                var running = _held.Count(each => each.Turn.State == TicketState.Sent && SourceOf(each.Key) == SourceOf(held.Key));
                Assert.True(running <= _concurrent, $"{running} of {_concurrent} run, seed {_seed}.");
            }
            else if (held.Turn.State == TicketState.Sent && _chance.Next(4) == 0)
            {
                held.Turn.Settle(1, 1);
                held.Turn.Ended();
                _held.Remove(held);
            }
            else if (held.Turn.State is TicketState.Expired)
            {
                _held.Remove(held);
            }
        }
    }

    private sealed record Held(int Key, Turn Turn, PacedGroup Group);
}
