using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What happens to the keys of a life: they move, change their secrets, and learn.</summary>
internal sealed partial class PacingLife
{
    /// <summary>Keys with one secret go together.</summary>
    private Task MoveAsync(int key, int to)
    {
        var (from, source) = (_groupOf[key], _sourceOf[key]);
        var together = Enumerable.Range(0, Keys).Where(each => _sourceOf[each] == source).ToArray();
        Note($"keys {string.Join(", ", together)} from group {from} to {to}");
        Array.ForEach(together, each => _groupOf[each] = to);
        return PublishAsync(together, from, to, source, source);
    }

    private int AnyOtherGroup(int key) => (_groupOf[key] + 1 + _chance.Next(_groups.Length - 1)) % _groups.Length;

    /// <summary>The journal has heard that keys will move; the process ends while others still send, with or without the store's having the move.</summary>
    private async Task BreakMoveAsync(int key)
    {
        var (from, to, isCommitted) = (_groupOf[key], AnyOtherGroup(key), _chance.Next(3) > 0);
        var together = Enumerable.Range(0, Keys).Where(each => _sourceOf[each] == _sourceOf[key]).ToArray();
        await _world.Groups.ForeseeMoveAsync(_groups[from], _rules[from], _groups[to]);
        _world.Pass(TimeSpan.FromMilliseconds(_chance.Next(1500)), 100, () =>
        {
            Come();
            Go();
        });
        var hasPower = _chance.Next(2) == 0;
        Note($"{(hasPower ? "kill -9" : "power failure")} while keys {string.Join(", ", together)} go from group {from} to {to}, {(isCommitted ? "" : "not ")}committed");
        Die();
        if (hasPower)
            _world.KillAndStart();
        else
            _world.LosePowerAndStart(TimeSpan.Zero, TimeSpan.FromMilliseconds(_chance.Next(3000)), _chance.Next(60), WallIsBehind());

        if (isCommitted)
            Array.ForEach(together, each => _groupOf[each] = to);

        Begin();
    }

    /// <summary>It takes that of another key and joins its group, or one that nobody had and goes to a group without keys where there is one.</summary>
    private Task ChangeSecretAsync(int key)
    {
        var (from, before, other) = (_groupOf[key], _sourceOf[key], _chance.Next(Keys));
        var isOwn = _sourceOf[other] == before;
        var to = !isOwn ? _groupOf[other] : Enumerable.Range(0, _groups.Length).FirstOrDefault(group => !_groupOf.Contains(group), (from + 1) % _groups.Length);
        if (to == from)
        {
            return Task.CompletedTask;   // put together by hand before: in the server it comes into the group of its secret first
        }

        _sourceOf[key] = isOwn ? _sources++ : _sourceOf[other];
        _groupOf[key] = to;
        Note($"key {key} has {(isOwn ? "a new secret" : $"that of key {other}")}, from group {from} to {to}");
        _judge.Forgot(before);   // with the secret it goes, or stays with who has it: not judged
        _judge.Resumed([before]);
        return PublishAsync([key], from, to, before, _sourceOf[key]);
    }

    private async Task PublishAsync(int[] keys, int from, int to, int before, int after)
    {
        var there = Enumerable.Range(0, Keys).Where(key => _groupOf[key] == to);
        var here = Enumerable.Range(0, Keys).Where(key => _groupOf[key] == from).ToArray();
        await _world.Groups.ForeseeMoveAsync(_groups[from], _rules[from], _groups[to]);
        PermitsAreOut();   // the flush may have let some go
        _world.Groups.Move(_groups[from], RulesOf(from), _groups[to], new MovingKeys(
            keys.Select(Id).ToHashSet(), Source(before), Source(after), here.Length > 0 ? RulesOf(from) : null, RulesOf(to))
        {
            SourceStays = here.Any(key => _sourceOf[key] == before),
            AreAlone = there.All(key => _sourceOf[key] == after),
        });
        _world.Groups.MoveOver(_groups[from], _groups[to]);
        _judge.Moved();
        ComeBack();
    }

    /// <summary>The hub says a lower limit twice, or somebody takes back what it taught.</summary>
    private void Teach(int key)
    {
        var (group, source) = (_groupOf[key], _sourceOf[key]);
        if (_chance.Next(4) == 0)
        {
            Note($"what was taught of secret {source} is taken back");
            Group(group).Forget(LessonKinds.All, Source(source));
            _judge.Resumed([.. SourcesIn(group).Count() == 1 ? SourcesIn(group) : [], source]);
            _judge.ForgotIn(SourcesIn(group));
            return;
        }

        if (_queries.Find(query => query.IsRunning && query.Key == key && query.Source == source) is not { } answered)
            return;

        PermitsAreOut();
        var (seconds, count) = (_rules[group].Limit.Seconds, 1 + _chance.Next(_rules[group].Limit.Count));
        Note($"the hub says {count} / {seconds} s of secret {source} in group {group}");
        for (var i = 0; i < 2; i++)
            Group(group).Learn(answered.Turn, new HubReport(seconds, count, null), null, null);

        _judge.ForgotIn(SourcesIn(group));   // said of one, and the group has one limit
        if (count < _rules[group].Limit.Count)
            _judge.Taught(source, new(count, seconds));
    }

    /// <summary>The hub refuses a query and says how long its account is to wait.</summary>
    private void Refuse(int key)
    {
        if (_queries.Find(query => query.IsRunning && query.Key == key && query.Source == _sourceOf[key]) is not { } refused)
            return;

        PermitsAreOut();
        var time = TimeSpan.FromSeconds(6 + _chance.Next(90));   // shorter than a quarter of the interval it would be taken for slices
        Note($"the hub pauses secret {refused.Source} in group {_groupOf[key]} for {time}");
        Group(_groupOf[key]).Learn(refused.Turn, default, new HubRefusal(HubRefusalKind.RateLimited, MonotonicClock.NanosecondsOf(time)), null);
        _judge.Paused(refused.Source, time);
    }

    /// <summary>As a start does: what was kept goes where the secret is.</summary>
    private void RecallLessons()
    {
        foreach (var kept in _world.Lessons.Load())
        {
            if (Array.FindIndex(_sourceOf, source => Source(source) == kept.Source) is >= 0 and var key)
            {
                var isAlone = Enumerable.Range(0, Keys).All(each => _groupOf[each] != _groupOf[key] || _sourceOf[each] == _sourceOf[key]);
                var group = _groups[_groupOf[key]];
                Group(_groupOf[key]).Recall(kept with { GroupId = group, BindsSourceOnly = kept.BindsSourceOnly || (kept.GroupId != group && !isAlone) });
            }
        }
    }
}
