using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>
/// Models whose queries are refused without being sent, because their hub said that waiting does not help: by secret, because it said so of that secret's
/// account. Everything runs under the group's lock. Ticks.
/// </summary>
internal sealed class RefusedModels
{
    private readonly Dictionary<(Guid Source, string Model), long> _until = [];   // the model "" for queries that name none
    private long _matterUntil = long.MinValue;

    /// <summary>Something is refused, or was so lately that the next refusal is for longer.</summary>
    public bool Matter(long now) => now < _matterUntil;

    /// <summary>Secrets with such models.</summary>
    public IEnumerable<Guid> Sources => _until.Keys.Select(each => each.Source).Distinct();

    /// <param name="source">Empty: not known, and then it is for all.</param>
    /// <param name="until">One that is refused for longer already stays so.</param>
    public void Add(Guid source, string? model, long until)
    {
        _until[(source, model ?? "")] = Math.Max(until, _until.GetValueOrDefault((source, model ?? "")));
        _matterUntil = Math.Max(_matterUntil, until + LimitLearner.LongestCircuit);
    }

    /// <summary>How long queries of this secret and model are refused without being sent; null when they are not.</summary>
    public TimeSpan? WaitOf(Guid source, string? model, long now) =>
        _until.Count == 0 ? null : WaitOf((source, model ?? ""), now) ?? WaitOf((Guid.Empty, model ?? ""), now);

    /// <summary>Those of a secret.</summary>
    public IEnumerable<(string Model, long Until)> Of(Guid source, long now) => _until.Count == 0
        ? []
        : _until.Where(each => each.Key.Source == source && each.Value > now).OrderBy(each => each.Key.Model, StringComparer.Ordinal)
            .Select(each => (each.Key.Model, each.Value));

    public void Clear() => (_matterUntil, _) = (long.MinValue, Clear(static _ => true));

    /// <summary>Those of a secret.</summary>
    public void Clear(Guid source) => Clear(each => each == source);

    private int Clear(Predicate<Guid> isMeant)
    {
        var keys = _until.Keys.Where(each => isMeant(each.Source)).ToArray();
        Array.ForEach(keys, key => _until.Remove(key));
        return keys.Length;
    }

    private TimeSpan? WaitOf((Guid Source, string Model) refused, long now)
    {
        if (!_until.TryGetValue(refused, out var until))
            return null;

        if (until > now)
            return MonotonicClock.SpanOf(until - now);

        _until.Remove(refused);   // the next query finds out
        return null;
    }
}
