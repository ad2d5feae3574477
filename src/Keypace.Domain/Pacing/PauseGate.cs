namespace Keypace.Domain.Pacing;

/// <summary>Lets nothing of one secret and destination, or of one model, go before a tick; counts nothing.</summary>
/// <param name="source">Empty where a model is held.</param>
/// <param name="model">The model that is held; null where a source is.</param>
internal sealed class PauseGate(Guid source, string? model) : QuotaMeter(new Quota(QuotaDimension.Requests, 1, 1, Model: model, Source: model is null ? source : null))
{
    public Guid Source => source;

    public string? Model => model;

    public bool Holds(string? queryModel, Guid querySource) => model is null ? querySource == source : queryModel == model;

    /// <summary>In ticks.</summary>
    public long Until { get; set; } = long.MinValue;

    public string Why { get; set; } = "";

    /// <summary>When it is over one query asks, and nothing goes for so many ticks until it is answered; 0: all go.</summary>
    public long AskEvery { get; set; }

    public Ticket? Asks { get; set; }

    /// <summary>It holds somebody, or will when one has asked.</summary>
    public bool Matters(long now) => Until > now || AskEvery > 0;

    public override Quota? BoundQuota => null;

    public override bool Allows(long amount, long now) => now >= Until;

    public override bool AllowsForeseen(long amount, long at) => at >= Until;

    public override long EarliestForeseen(long amount, long at) => Math.Max(at, Until);

    public override long Earliest(long amount, long now) => Math.Max(now, Until);

    public override void Assume(long amount, long at)
    {
    }

    public override IEnumerable<(long Until, long Amount)> Counting(long now) => [];

    public override long UntilOf(long at) => at;

    protected override long Stamped(long now) => 0;

    protected override long Stamp(long amount, long at) => 0;

    protected override void TakeBack(long mark, long amount)
    {
    }
}
