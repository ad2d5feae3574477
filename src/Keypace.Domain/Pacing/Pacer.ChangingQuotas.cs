namespace Keypace.Domain.Pacing;

/// <summary>Limits beside the rate limit come, go and change; what was used outlives that.</summary>
public sealed partial class Pacer
{
    /// <summary>A limit that was taken away counts on for so long, in ticks: who takes one away and sets it again has not used less.</summary>
    public const long KeepsUse = 24 * 3600 * SendWindow.Second;

    /// <summary>The limits beside the rate limit.</summary>
    public IReadOnlyList<Quota> Quotas => _meters is null ? [] : [.. _meters.Where(meter => !meter.IsKept).Select(meter => meter.Quota)];

    /// <summary>Tokens are counted, if only for a limit of before: a query needs an estimate, and <see cref="Settle"/>.</summary>
    public bool KnowsTokens => _meters is not null && Array.Exists(_meters, meter => meter.Quota.CountsTokens);

    /// <summary>
    /// Rules from now on, for those in line too; those among them who need more than a limit allows at all go first when it is whole. What was
    /// used counts under the new limits, as far back as a limit of that kind that ruled within the last <see cref="KeepsUse"/> reached; sends
    /// and running queries count always.
    /// </summary>
    /// <exception cref="ArgumentException">One is not within bounds (<see cref="Quota.Fault"/>).</exception>
    public void ChangeQuotas(IReadOnlyList<Quota> quotas, DateTimeOffset wall, long now)
    {
        if (quotas.Select(quota => quota.Fault()).FirstOrDefault(fault => fault is not null) is { } wrong)
            throw new ArgumentException(wrong, nameof(quotas));

        TellWall(wall, now);
        var before = _meters ?? [];
        var (meters, made) = (new List<QuotaMeter>(), new List<QuotaMeter>());
        foreach (var quota in quotas)
        {
            var meter = Array.Find(before, each => each.Quota.CountsLike(quota));
            if (meter is null)
                made.Add(meter = QuotaMeter.Of(quota, Guard));

            meter.Rule(quota);
            meters.Add(meter);
        }

        foreach (var meter in before)
        {
            // Slices hang on a limit of theirs, and each burst has its own; what tells sources apart goes on telling.
            var until = meter.Quota.Source is not null && Array.Exists(before, all => all.Quota.CountsLike(meter.Quota with { Source = null })) ? long.MaxValue - 1 : now + KeepsUse;
            if (!meters.Contains(meter) && meter.Quota.Slice == 0 && meter.Keep(until) > now)
                meters.Add(meter);
        }

        SetMeters(meters, made, wall, now);
        Reclaim();
    }

    /// <summary>What a limit counts of queries that are over.</summary>
    public IReadOnlyList<Use> UsedOn(Quota quota, long now) =>
        Array.Find(_meters ?? [], meter => meter.Quota.CountsLike(quota)) is { } meter ? SettledOn(meter, now) : [];

    /// <summary>Limits that were taken away a day ago cost nothing any more. Call it now and then.</summary>
    public void ForgetKept(DateTimeOffset wall, long now)
    {
        if (_meters is not null && Array.Exists(_meters, meter => meter.KeptUntil <= now))
            ChangeQuotas(Quotas, wall, now);
    }

    /// <summary>
    /// Counts sends of which only records tell in limits that were just set, as far as nothing here reaches back to them. Those that were counted, with their ticks.
    /// </summary>
    /// <param name="sends">Of the queries that this pacer grants, and of processes before this one.</param>
    public IReadOnlyList<(PastUse Use, long At)> AssumeOlder(IReadOnlyList<Quota> quotas, IReadOnlyList<PastUse> sends, DateTimeOffset wall, long now)
    {
        var counted = new HashSet<(PastUse Use, long At)>();
        foreach (var meter in _meters ?? [])
        {
            if (meter.Quota.Dimension != QuotaDimension.Requests || meter.IsKept || !quotas.Any(quota => quota.CountsLike(meter.Quota)))
                continue;

            var alike = _meters!.Where(other => other != meter && other.Quota is { Dimension: QuotaDimension.Requests, Source: null } && (other.Quota.Model is null || other.Quota.Model == meter.Quota.Model));
            var known = now - alike.Where(other => !quotas.Any(quota => quota.CountsLike(other.Quota))).Select(other => other.Reach).Append(_window.Reach(now)).Max();
            foreach (var use in sends)
            {
                var at = now - Math.Max(0, (wall - use.At).Ticks * 100);
                if (at <= known && meter.Counts(new QueryNeed(use.Model, 0, 0, use.Source)))
                {
                    meter.Recall(use.Requests, at, use.At, wall, now);
                    counted.Add((use, at));
                }
            }

            _lines?.Stir(meter);
        }

        return [.. counted.OrderBy(each => each.At)];
    }

    /// <summary>Puts meters in force; those of <paramref name="made"/> learn what was used before, and what runs counts in them.</summary>
    private void SetMeters(List<QuotaMeter> meters, List<QuotaMeter> made, DateTimeOffset wall, long now)
    {
        var before = _meters ?? [];
        _meters = meters.Count == 0 ? null : [.. meters];
        NeedsWall = meters.Exists(meter => meter is CalendarMeter);
        CountsTokens = meters.Exists(meter => !meter.IsKept && meter.Quota.CountsTokens);
        TokensWanted = 0;
        TellWall(wall, now);
        foreach (var meter in made)
        {
            foreach (var use in UseBefore(meter.Quota, before, now))
                Recall(meter, use, wall, now);
        }

        foreach (var ticket in made.Count == 0 ? [] : _running.All())
            ticket.Claims = [.. ticket.Claims ?? [], .. made.Where(meter => meter.Counts(ticket.Need)).Select(meter => ClaimOnNew(meter, ticket))];
    }

    /// <summary>A coarse meter holds the newest use a little later than now.</summary>
    private static void Recall(QuotaMeter meter, Use use, DateTimeOffset wall, long now)
    {
        var at = Math.Min(use.At, now);
        meter.Recall(use.Amount, at, wall - TimeSpan.FromTicks((now - at) / 100), wall, now);
    }

    private static QuotaClaim ClaimOnNew(QuotaMeter meter, Ticket ticket)
    {
        var claim = new QuotaClaim { Meter = meter, Amount = meter.Quota.AmountOf(ticket.Need) };
        if (ticket.State == TicketState.Sent && ticket.IsSettled && meter is not ConcurrencyMeter)
        {
            return claim with { Amount = 0 };   // it is among what was used
        }

        meter.Reserve(claim.Amount);
        if (ticket.State == TicketState.Sent)
            claim.Mark = meter.Sent(claim.Amount, ticket.SentAt);

        return claim;
    }

    /// <summary>What a new limit has to count of the time before it, without what still runs and is not settled.</summary>
    private List<Use> UseBefore(Quota quota, QuotaMeter[] before, long now)
    {
        if (quota.Dimension == QuotaDimension.Concurrent)
        {
            return [];   // what runs is known one by one
        }

        var alike = Array.FindAll(before, meter => meter.Quota.Dimension == quota.Dimension && meter is not PauseGate);
        // First those that count just this, then those that count it among other things: it may have been all of theirs.
        var known = alike.Where(meter => meter.Quota.Model == quota.Model && meter.Quota.Source == quota.Source).OrderBy(meter => meter.Reach)
            .Select(meter => new KnownUse(meter.Reach, SettledOn(meter, now)))
            .Concat(alike.Where(meter => IsAmong(quota, meter.Quota)).OrderBy(meter => meter.Reach)
                .Select(meter => new KnownUse(meter.Reach, SettledOn(meter, now))));
        if (quota.Dimension == QuotaDimension.Requests)
            known = known.Append(new KnownUse(_window.Reach(now), SettledSends(now, quota.Source)));

        if (quota is { Model: null, Source: null })
        {
            // Limits of single models know a part, which is more than nothing.
            known = known.Concat(alike.Where(meter => meter.Quota is { Model: not null, Source: null }).GroupBy(meter => meter.Reach).OrderBy(each => each.Key)
                .Select(each => new KnownUse(each.Key, [.. each.SelectMany(meter => SettledOn(meter, now))])));
        }

        return KnownUse.Layered(known, now);
    }

    /// <summary>All that <paramref name="narrow"/> counts is counted by <paramref name="wide"/>, and more.</summary>
    private static bool IsAmong(Quota narrow, Quota wide) =>
        (wide.Model is null || wide.Model == narrow.Model) && (wide.Source is null || wide.Source == narrow.Source)
        && (wide.Model != narrow.Model || wide.Source != narrow.Source);

    private List<Use> SettledOn(QuotaMeter meter, long now)
    {
        var uses = meter.Held(now);
        foreach (var ticket in _running.All())
        {
            foreach (ref var claim in ticket.State == TicketState.Sent && !ticket.IsSettled ? ticket.Claims.AsSpan() : [])
            {
                if (ReferenceEquals(claim.Meter, meter))
                    KnownUse.Remove(uses, meter.AtOf(claim.Mark), claim.Amount);
            }
        }

        return uses;
    }

    private List<Use> SettledSends(long now, Guid? source)
    {
        var uses = _window.Sends(now);
        if (source is { } only)
            Subtract(uses, OthersSends(only));

        foreach (var ticket in _running.All())
        {
            if (ticket.State == TicketState.Sent && !ticket.IsSettled && (source is null || ticket.Need.Source == source))
                KnownUse.Remove(uses, _window.AtOf(ticket.SentAt), 1);
        }

        return uses;
    }
}
