namespace Keypace.Domain.Pacing;

/// <summary>Keys that leave take along what counts, and keys that come bring it.</summary>
public sealed partial class Pacer
{
    private readonly record struct SenderStamp(long At, Guid Source);

    private Guid? _onlySource;               // null: nobody came yet
    private List<Guid>? _sources;            // of a group that has several; null: one at most
    private Queue<SenderStamp>? _senders;    // whose the sends in the window are, as far as it is known
    private CountedAccounts? _accounts;      // null: nobody came or went
    private Dictionary<QuotaMeter, List<Use>>? _assumed;   // of before this pacer, which may be anybody's

    /// <summary>What was sent up to this tick may be anybody's. Set by the host when it made the pacer.</summary>
    public long KnowsSince { get; set; } = long.MinValue;

    /// <summary>Those that hold a permit, or were sent and have not ended.</summary>
    public IEnumerable<Ticket> Running => _running.All();

    /// <summary>What those take along that leave with this source. Here it counts on.</summary>
    /// <param name="leaves">Of those that run: it is one of theirs.</param>
    /// <param name="staysToo">Other keys of the source stay here.</param>
    /// <param name="number">A number for a query or an account that has none yet, its own among all groups and above all before it.</param>
    public CarriedUse Carry(Guid source, Func<Ticket, bool> leaves, bool staysToo, Func<long> number, long now)
    {
        var sends = _window.Sends(now);
        Subtract(sends, OthersSends(source));
        sends.AddRange(KnownUse.Without(OwnSends(source, now), sends));
        var quotas = new List<CarriedQuota>();
        foreach (var meter in _meters ?? [])
        {
            if (GoesAlong(meter, source))
                quotas.Add(new CarriedQuota(meter.Quota, meter.Reach, OwnOn(meter, source, leaves, now)));
        }

        var running = new List<CarriedQuery>();
        foreach (var ticket in _running.All().Where(leaves))
        {
            ticket.Number = ticket.Number == 0 ? number() : ticket.Number;
            running.Add(new CarriedQuery(ticket.Number, ticket.Need, ticket.State == TicketState.Sent ? ticket.SentAt : long.MinValue, ticket.IsSettled));
        }

        var pause = SourcePausesAt(now).FirstOrDefault(each => each.Source == source);
        var isOwn = now < PausedUntil && (PausedFor is not { } by || by == source || by == default);
        var carried = new CarriedUse(
            source, _window.Reach(now), sends, quotas, running,
            Math.Max(isOwn ? PausedUntil : long.MinValue, pause.Why is null ? long.MinValue : pause.Until),
            isOwn ? PausedWhy : pause.Why);
        return (_accounts ??= new()).Leave(carried, staysToo, number, now);
    }

    /// <summary>Limits of all, and those that its hub taught of this source only. What just tells sources apart knows nothing that these do not.</summary>
    private bool GoesAlong(QuotaMeter meter, Guid source) => meter.Quota is { Dimension: not QuotaDimension.Concurrent, Slice: 0 } && (meter.Quota.Source is null
        || (meter.Quota.Source == source && !Array.Exists(_meters!, all => all.Quota.CountsLike(meter.Quota with { Source = null }))));

    /// <summary>
    /// Counts what came along with a source, from now on, and holds its queries back as its hub wants. Each query that runs elsewhere is one here
    /// too: its ticket is told what becomes of it. None for a query that counts here already.
    /// </summary>
    /// <param name="source">What the queries name from now on: another than before where the keys' secret changed.</param>
    /// <param name="ticketOf">A new ticket for a query that runs elsewhere.</param>
    /// <returns>What counts here now and did not before: the sends, what each limit counts of it, and what runs.</returns>
    public CarriedUse TakeOver(CarriedUse carried, Guid source, Func<CarriedQuery, Ticket> ticketOf, Func<long> number, DateTimeOffset wall, long now)
    {
        Meet(source, now);
        var came = (_accounts ??= new()).Come(carried, source, number, now);
        _window.TakeOver(came.Sends, carried.Reach, now);
        foreach (var send in _sources is null ? [] : came.Sends)
        {
            for (var i = 0L; i < send.Amount && i < SendWindow.MostExact; i++)
                _senders!.Enqueue(new(send.At, source));
        }

        came = came with { Source = source, Quotas = TakeOverQuotas(came, source, wall, now), Running = TakeOverRunning(came, source, ticketOf) };
        if (carried.PausedUntil > now)
            PauseSource(source, carried.PausedUntil, carried.PausedWhy ?? "");

        return came;
    }

    /// <summary>The source whose query the pause of the whole group is for; null: not known, or everybody's.</summary>
    public Guid? PausedFor { get; set; }

    private List<CarriedQuota> TakeOverQuotas(CarriedUse came, Guid source, DateTimeOffset wall, long now)
    {
        var (meters, made) = (new List<QuotaMeter>(_meters ?? []), new List<QuotaMeter>());
        foreach (var carried in came.Quotas)
        {
            var quota = carried.Quota with { Source = carried.Quota.Source is null ? null : source };
            if (!meters.Exists(meter => meter.Quota.CountsLike(quota)))
            {
                var meter = QuotaMeter.Of(quota, Guard);
                meter.Keep(now + KeepsUse);
                meters.Add(meter);
                made.Add(meter);
            }
        }

        SetMeters(meters, made, wall, now);
        if (_sources is not null)
            TellApart(wall, now);

        var brought = new List<CarriedQuota>();
        foreach (var meter in _meters ?? [])
        {
            if (meter.Quota.Dimension == QuotaDimension.Concurrent || (meter.Quota.Source is { } only && only != source))
                continue;

            var uses = BroughtFor(meter.Quota, came, now);
            brought.Add(new CarriedQuota(meter.Quota, meter.Reach, uses));
            foreach (var use in uses)
                Recall(meter, use, wall, now);
        }

        Reclaim();
        return brought;
    }

    private static List<Use> BroughtFor(Quota quota, CarriedUse came, long now)
    {
        var alike = came.Quotas.Where(each => each.Quota.Dimension == quota.Dimension).ToList();
        var same = alike.Find(each => each.Quota.CountsLike(quota with { Source = each.Quota.Source }) && (quota.Source is not null || each.Quota.Source is null));
        if (same is not null)
            return [.. same.Uses];

        var known = alike.Where(each => each.Quota.Model == quota.Model).OrderBy(each => each.Reach)
            .Concat(alike.Where(each => each.Quota.Model is null && quota.Model is not null).OrderBy(each => each.Reach))
            .Select(each => new KnownUse(each.Reach, [.. each.Uses]));
        return KnownUse.Layered(quota.Dimension == QuotaDimension.Requests ? known.Append(new KnownUse(came.Reach, SettledOf(came))) : known, now);
    }

    /// <summary>Its sends without those of queries that run, which count one by one.</summary>
    private static List<Use> SettledOf(CarriedUse came)
    {
        var sends = came.Sends.ToList();
        foreach (var query in came.Running.Where(query => query.SentAt != long.MinValue && !query.IsSettled))
            KnownUse.Remove(sends, query.SentAt, 1);

        return sends;
    }

    private List<CarriedQuery> TakeOverRunning(CarriedUse came, Guid source, Func<CarriedQuery, Ticket> ticketOf)
    {
        var here = _running.All().Select(ticket => ticket.Number).Where(number => number != 0).ToHashSet();
        var taken = came.Running.Where(query => !here.Contains(query.Number)).ToList();
        foreach (var query in taken)
        {
            var ticket = ticketOf(query);
            (ticket.Number, ticket.Need, ticket.IsSettled) = (query.Number, query.Need with { Source = source }, query.IsSettled);
            (ticket.State, ticket.SentAt) = (query.SentAt == long.MinValue ? TicketState.Granted : TicketState.Sent, query.SentAt);
            if (ticket.State == TicketState.Granted)
                _window.Take();

            ticket.Claims = [.. (_meters ?? []).Where(meter => meter.Counts(ticket.Need)).Select(meter => ClaimOnNew(meter, ticket))];
            ticket.Claims = ticket.Claims.Length == 0 ? null : ticket.Claims;
            _running.Add(ticket);
        }

        return taken;
    }

    /// <summary>A query of this source comes, or keys with it.</summary>
    private void Meet(Guid source, long now)
    {
        if (source == _onlySource || source == default)
            return;

        if (_onlySource is not { } first)
        {
            _onlySource = source;
        }
        else if (_sources is null)
        {
            MeetSecond(first, source, now);
        }
        else if (!_sources.Contains(source))
        {
            _sources.Add(source);
            TellApart(default, now);
        }
    }

    /// <summary>
    /// What this group counted by itself is the first one's; what was before may be anybody's. By itself, because what its lambda captures is allocated on
    /// entry.
    /// </summary>
    private void MeetSecond(Guid first, Guid second, long now)
    {
        _sources = [first, second];
        _senders = new(_window.Sends(now).SelectMany(send => Enumerable.Repeat(new SenderStamp(send.At, send.At > KnowsSince ? first : default), (int)send.Amount)));
        TellApart(default, now);
    }

    /// <summary>Each source has meters of its own beside those of all, which bind nobody and tell whose is what.</summary>
    private void TellApart(DateTimeOffset wall, long now)
    {
        var (meters, made) = (new List<QuotaMeter>(_meters ?? []), new List<QuotaMeter>());
        foreach (var meter in _meters ?? [])
        {
            foreach (var source in meter.Quota.Source is null && meter.Quota.Dimension != QuotaDimension.Concurrent ? _sources! : [])
            {
                var quota = meter.Quota with { Source = source, Limit = Quota.MostLimit };
                if (!meters.Exists(each => each.Quota.CountsLike(quota)))
                {
                    var own = QuotaMeter.Of(quota, Guard);
                    own.Keep(long.MaxValue - 1);
                    meters.Add(own);
                    made.Add(own);
                }
            }
        }

        if (made.Count == 0)
            return;

        var isFirst = _sources!.Count == 2;
        var past = isFirst ? made.Where(own => own.Quota.Source == _sources[0]).Select(own => (own, Total: Array.Find(_meters!, each => each.Quota.CountsLike(own.Quota with { Source = null }))!))
            .Select(pair => (pair.own, Uses: SinceKnown(pair.Total, now))).ToList() : [];
        _meters = [.. meters];
        foreach (var (own, uses) in past)
        {
            foreach (var use in uses)
                own.Assume(use.Amount, use.At);
        }

        foreach (var ticket in _running.All())
            ticket.Claims = [.. ticket.Claims ?? [], .. made.Where(meter => meter.Counts(ticket.Need)).Select(meter => ClaimOnNew(meter, ticket))];
    }

    /// <summary>What is held on a meter and was used since it is known whose it is: a meter holds what was before up to its coarseness later.</summary>
    private List<Use> SinceKnown(QuotaMeter meter, long now)
    {
        var uses = SettledOn(meter, now);
        if (_assumed?.TryGetValue(meter, out var assumed) == true)
        {
            Subtract(uses, assumed);
            return [.. uses.Where(use => use.At > KnowsSince)];
        }

        var coarseness = _meters!.Where(each => each.Quota.Dimension == meter.Quota.Dimension).Max(each => each.Coarseness);
        return [.. uses.Where(use => use.At - coarseness > KnowsSince)];
    }

    private void NoteSender(Ticket ticket, long at)
    {
        _senders!.Enqueue(new(at, ticket.Need.Source));
        while (_senders.Count > SendWindow.MostExact || _senders.Peek().At + _window.Reach(at) <= at)
            _senders.Dequeue();
    }

    private IEnumerable<Use> OthersSends(Guid source) => _window.IsExact && _senders is not null
        ? _senders.Where(sender => sender.Source != source && sender.Source != default).Select(sender => new Use(sender.At, 1))
        : [];

    /// <summary>The window keeps no more than the limit: where others came with sends of theirs it may have let go of these.</summary>
    private List<Use> OwnSends(Guid source, long now) => _window.IsExact && _senders is not null
        ? [.. _senders.Where(sender => (sender.Source == source || sender.Source == default) && sender.At + _window.Reach(now) > now).Select(sender => new Use(sender.At, 1))]
        : [];

    /// <summary>What counts on a meter and is not known to be another source's, nor one of those that run and leave: they count one by one.</summary>
    private List<Use> OwnOn(QuotaMeter meter, Guid source, Func<Ticket, bool> leaves, long now)
    {
        var uses = meter.Held(now);
        foreach (var other in Array.FindAll(_meters!, each => each.Quota.Source is { } others && others != source && each.Quota.CountsLike(meter.Quota with { Source = others })))
            Subtract(uses, other.Held(now));

        foreach (var ticket in _running.All())
        {
            foreach (ref var claim in ticket.State == TicketState.Sent && !ticket.IsSettled && leaves(ticket) ? ticket.Claims.AsSpan() : [])
            {
                if (ReferenceEquals(claim.Meter, meter))
                    KnownUse.Remove(uses, meter.AtOf(claim.Mark), claim.Amount);
            }
        }

        return [.. uses.Where(use => use.Amount > 0)];
    }

    private static void Subtract(List<Use> uses, IEnumerable<Use> others)
    {
        var left = KnownUse.Without(uses, others);
        uses.Clear();
        uses.AddRange(left);
    }
}
