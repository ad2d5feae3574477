namespace Keypace.Domain.Pacing;

/// <summary>
/// Which lines are open. One is open until somebody of it was found not to be allowed; then it is closed until the meter that was in the way has
/// room. So nobody is looked at twice for the same reason.
/// </summary>
/// <param name="byModel">A pause holds some model: each has lines of its own.</param>
/// <param name="isForeseen">Asks the meters what they foresee, not what they count.</param>
internal sealed partial class LimitLines(bool byModel, bool isForeseen = false)
{
    /// <summary>Lines up to which queries of each size have their own.</summary>
    private const int MostExact = 64;

    private readonly Dictionary<LineName, LimitLine> _byName = [];
    private readonly List<Blockade> _blockades = [];
    private LimitLine?[] _byNumber = new LimitLine?[8];
    private long _nextOpen = long.MaxValue;
    private bool _isStirred;

    public bool IsForeseen => isForeseen;

    /// <summary>Lines that nothing is known to block.</summary>
    public LineSet Open { get; } = new();

    /// <param name="passed">How often it was passed before.</param>
    public void Enter(Ticket ticket, int passed = 0)
    {
        var name = LineName.Of(ticket.Need, ticket.Claims, _byName.Count < MostExact, byModel);
        if (!_byName.TryGetValue(name, out var line))
        {
            var number = Array.IndexOf(_byNumber, null);
            if (number < 0)
            {
                number = _byNumber.Length;
                Array.Resize(ref _byNumber, 2 * number);
            }

            line = new LimitLine(number, name) { Claims = ticket.Claims };
            _byNumber[number] = line;
            _byName.Add(name, line);
            Open.Add(number);
        }

        Queue(ticket.Claims, 1);
        line.Enter(ticket, passed);
    }

    public void Leave(Ticket ticket)
    {
        if (ticket.Limits is not { } line)
            return;

        Queue(ticket.Claims, -1);
        var passed = ticket.Passed;
        (ticket.Limits, ticket.PassesBefore) = (null, passed);
        line.Count--;
        if (line.Count == 0)
        {
            _byName.Remove(line.Name);
            _byNumber[line.Number] = null;
            Open.Remove(line.Number);
        }

        foreach (var blockade in _blockades)
        {
            if (blockade.Forget(ticket, line))
                Reopen(blockade);
        }
    }

    public void Stir(QuotaMeter meter) => meter.IsStirred = _isStirred = true;

    /// <summary>What was reserved of these meters is stamped: when it will be free may be known now.</summary>
    public void Moved(QuotaClaim[] claims)
    {
        foreach (var blockade in _blockades)
        {
            if (blockade.Until == long.MaxValue && QuotaClaims.On(claims, blockade.Meter))
                Stir(blockade.Meter);
        }
    }

    /// <summary>Something of these meters may be free, or be free earlier, than was known.</summary>
    public void Stir(QuotaClaim[]? claims)
    {
        foreach (ref var claim in claims.AsSpan())
            Stir(claim.Meter);
    }

    /// <summary>Opens the lines whose meter has room again.</summary>
    public void OpenDue(long now)
    {
        if (now < _nextOpen && !_isStirred)
            return;

        foreach (var blockade in _blockades)
        {
            if (now >= blockade.Until || (blockade.Meter.IsStirred && !isForeseen))
            {
                blockade.Meter.IsStirred &= isForeseen;
                if (OpenDue(blockade, now))
                    Reopen(blockade);
            }
        }

        _isStirred = false;
        _blockades.RemoveAll(blockade => blockade.IsOver);
        FindNext();
    }

    /// <summary>All are looked at anew.</summary>
    public void OpenAll()
    {
        _blockades.Clear();
        foreach (var (_, line) in _byName)
        {
            Open.Add(line.Number);
            line.ClosedBy = null;
        }

        FindNext();
    }

    /// <summary>The tick at which the next closed line may open; <see cref="long.MaxValue"/>: nobody knows.</summary>
    public long NextOpen => _nextOpen;

    /// <summary>The meter does not allow this query, which is the first of its line.</summary>
    public void Close(Ticket head, QuotaMeter meter, long amount, long now)
    {
        var blockade = _blockades.Find(blockade => ReferenceEquals(blockade.Meter, meter));
        if (blockade is null)
        {
            blockade = new Blockade(meter);
            _blockades.Add(blockade);
        }

        if (meter.IsOfTokens)
        {
            blockade.Closings.Add(new Closing(head.Limits!, head, amount));
            Close(head.Limits!, blockade);
        }
        else
        {
            blockade.HoldsAll = true;   // a query is a query: none that it counts may go
            CloseAll(blockade);
        }

        if (blockade.Least >= amount || blockade.Until <= now)
        {
            blockade.Least = amount;
            blockade.Until = Earliest(meter, amount, now);
        }

        FindNext();
    }

    /// <summary>What it draws on is kept for one before it that was passed often enough: its line is closed as long as that one's.</summary>
    public bool IsKept(Ticket ticket)
    {
        foreach (var blockade in _blockades)
        {
            foreach (var closing in blockade.Closings)
            {
                if (closing.Line.MostPassed >= Pacer.MostPasses && QuotaClaims.On(ticket.Claims, blockade.Meter) && FairQueue.IsBefore(closing.Head, ticket))
                {
                    (closing.Kept ??= []).Add(ticket.Limits!);
                    Close(ticket.Limits!, blockade);
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>It goes before those that wait for something that it draws on.</summary>
    public void Pass(Ticket ticket)
    {
        foreach (var blockade in _blockades)
        {
            if (blockade.Closings.Count > 0 && QuotaClaims.On(ticket.Claims, blockade.Meter))
            {
                foreach (var closing in blockade.Closings)
                    closing.Line.Passes += FairQueue.IsBefore(closing.Head, ticket) ? 1 : 0;
            }
        }
    }

    /// <summary>A newcomer that may go stands in a closed line: it is not behind the one that the line was closed for.</summary>
    public void Recheck(Ticket ticket)
    {
        foreach (var blockade in _blockades)
        {
            var isChanged = blockade.Closings.RemoveAll(closing => ReferenceEquals(closing.Line, ticket.Limits) && FairQueue.IsBefore(ticket, closing.Head)) > 0;
            foreach (var closing in blockade.Closings)
                isChanged |= closing.Kept is not null && FairQueue.IsBefore(ticket, closing.Head) && closing.Kept.Remove(ticket.Limits!);

            if (isChanged)
            {
                Reopen(blockade);
                return;
            }
        }
    }
}
