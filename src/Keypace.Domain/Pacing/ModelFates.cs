namespace Keypace.Domain.Pacing;

/// <summary>
/// Which models a rate group is asked for and how each fares: tells a refusal that is about one model from one that is about the key, and how long
/// a model that was refused waits. Pure; knows the <see cref="Most"/> models that were asked for last.
/// </summary>
/// <param name="seed">Of the jitter.</param>
public sealed class ModelFates(int seed)
{
    public const int Most = 32;

    /// <summary>A model that nobody asked for so long says nothing of the key any more, in ticks.</summary>
    public const long Lately = 60 * SendWindow.Second;

    private const long ShortestBackoff = SendWindow.Second;
    private const long LongestBackoff = 30 * SendWindow.Second;

    private readonly Random _chance = new(seed);
    private readonly List<Fate> _fates = [];
    private Fate? _last;

    /// <summary>Some model was refused and not answered since: answers are worth telling.</summary>
    public bool IsAnyRefused { get; private set; }

    /// <summary>Somebody asks for this model.</summary>
    public void Asked(string model, long now)
    {
        var fate = ReferenceEquals(_last?.Model, model) || _last?.Model == model ? _last! : Of(model, now);
        fate.AskedAt = now;
        _last = fate;
    }

    /// <summary>A query of this model that was sent then was answered, not refused.</summary>
    public void Answered(string model, long sentAt)
    {
        if (_fates.Find(each => each.Model == model) is { IsRefused: true } fate && sentAt > fate.RefusedAt)
        {
            (fate.IsRefused, fate.Backoffs) = (false, 0);
            IsAnyRefused = _fates.Exists(each => each.IsRefused);
        }
    }

    /// <summary>
    /// Whom a refusal of this model concerns when its hub did not say: the model, as long as any other that is asked for lately is not refused as
    /// well. Notes it.
    /// </summary>
    public RefusalScope Refused(string model, long sentAt, long now)
    {
        var fate = Of(model, now);
        (fate.IsRefused, IsAnyRefused) = (true, true);
        fate.RefusedAt = Math.Max(fate.RefusedAt, sentAt);
        return _fates.Exists(each => each != fate && now - each.AskedAt < Lately && !each.IsRefused) ? RefusalScope.Model : RefusalScope.Key;
    }

    /// <summary>Nobody asked for another model lately.</summary>
    public bool IsAlone(string model, long now) => !_fates.Exists(each => each.Model != model && now - each.AskedAt < Lately);

    /// <summary>
    /// The tick until which the model waits. A wait that the hub does not say grows once for all refusals of queries that were sent before it grew.
    /// </summary>
    /// <param name="said">By the hub, in ticks; null: it did not.</param>
    public long WaitsUntil(string model, long? said, long sentAt, long now)
    {
        var fate = Of(model, now);
        if (said is null && sentAt >= fate.BackedOffAt)
            (fate.Backoffs, fate.BackedOffAt) = (fate.Backoffs + 1, now);

        var wait = said ?? Math.Min(LongestBackoff, ShortestBackoff << Math.Clamp(fate.Backoffs - 1, 0, 5));
        wait = wait > LimitLearner.LongestWait ? LimitLearner.AskEvery : Math.Max(wait, 0);
        return now + wait + (long)(wait * 0.1 * _chance.NextDouble());
    }

    private Fate Of(string model, long now)
    {
        if (_fates.Find(each => each.Model == model) is { } known)
            return known;

        if (_fates.Count == Most)
            _fates.Remove(_fates.MinBy(each => each.AskedAt)!);

        var fate = new Fate(model) { AskedAt = now };
        _fates.Add(fate);
        return fate;
    }

    private sealed class Fate(string model)
    {
        public string Model => model;

        public long AskedAt { get; set; }

        public bool IsRefused { get; set; }

        /// <summary>When the last query of it was sent that was refused.</summary>
        public long RefusedAt { get; set; } = long.MinValue;

        public int Backoffs { get; set; }

        public long BackedOffAt { get; set; } = long.MinValue;
    }
}
