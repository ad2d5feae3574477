using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>
/// The credit of a rate group: how many permits may be granted before its ledger knows more, and until when. The next block is asked for when half of one is
/// used, so that nobody waits for it.
/// </summary>
/// <param name="group">Whom the ledger calls.</param>
internal sealed partial class GroupCredit(IGrantHolder group, Pacer pacer, MonotonicClock clock, IGrantLedger ledger)
{
    /// <summary>Sends are written down at least this often, so that a kill does not count old ones as new.</summary>
    private static readonly long BlockEvery = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(1));

    private readonly TokenCredit _tokens = new(pacer);
    private IReadOnlyList<Quota> _quotas = [];
    private RunNote? _note;                  // it runs: the ledger knows that it sends
    private bool _isDurable;                 // the note is on the disk
    private long _mustBeDurable = long.MinValue;   // nothing is granted before this note is on the disk
    private long _ranAt;
    private bool _awaitsLedger;
    private long _heldSince;                 // with _awaitsLedger
    private SentRuns? _unsaved;              // sent since the last block; null: nobody counts
    private long _blockAt = long.MinValue;   // ask for the next block at this allowance
    private long _held;                      // written, but may be used only when the note of running is durable
    private long _asked;                     // allowance with the block that is being written
    private long _had;                       // and when it was taken
    private long _blockTakenAt;
    private bool _awaitsBlock;
    private bool _hasBlockFailed;

    /// <summary>The ledger knows that the group sends.</summary>
    public bool IsRunning => _note is not null;

    /// <summary>Half of what may be granted now is used: worth asking for more.</summary>
    public bool IsLow => pacer.Allowance <= _blockAt || _tokens.IsLow;

    /// <summary>Counts in the pacer what was or may have been sent before this process began. The tick until which some of that is assumed.</summary>
    public long Recall(GroupRules rules)
    {
        var past = ledger.Recall(group.Id, pacer.Limit, pacer.Span, StandingCredit.Of(rules.Limit, rules.Quotas));
        foreach (var run in past.Sends)
            pacer.AssumeSent(run.Count, run.At);

        pacer.RuledBefore(past.Reach, clock.Now);
        return past.AssumedUntil;
    }

    /// <summary>Permits may be granted as far as the ledger allows now.</summary>
    public void Open()
    {
        if (_note is not { } note)
        {
            pacer.GrantUntil = long.MinValue;
            return;
        }

        if (!_isDurable && ledger.IsDurable(note.Note))
        {
            _isDurable = true;
            Release();
        }

        if (_mustBeDurable > long.MinValue)
        {
            if (!ledger.IsDurable(_mustBeDurable))
            {
                pacer.GrantUntil = long.MinValue;
                return;
            }

            _mustBeDurable = long.MinValue;
        }

        pacer.GrantUntil = _isDurable ? ledger.MayGrantUntil : Math.Max(note.Until, ledger.MayGrantUntil);
    }

    /// <summary>Tells the ledger that the group sends from now on. False where that cannot be noted: then nothing may be sent.</summary>
    public bool TryRun(long now)
    {
        var credit = StandingCredit.Of(pacer.Limit, _quotas);
        var tokens = _tokens.First(_quotas);
        _note = ledger.TryRun(group.Id, pacer.Limit, pacer.Guard, credit, _uses?.Take(TokensAhead(tokens)));
        if (_note is not { } note)
            return false;

        _isDurable = ledger.IsDurable(note.Note);
        _ranAt = now;
        _tokens.Begin(note.HasBlocks, _isDurable, tokens, _quotas);
        _held = 0;
        _unsaved = note.HasBlocks ? new SentRuns() : null;
        _blockAt = note.HasBlocks ? credit / 2 : long.MinValue;
        NoteReach(now);
        pacer.Allowance = note.HasBlocks || !_isDurable ? credit : long.MaxValue;
        return true;
    }

    /// <summary>True where somebody is held back by the ledger alone and nobody is told of that yet: the ledger calls when it has moved.</summary>
    public bool AwaitsLedger(long now)
    {
        if (_awaitsLedger || (_isDurable && now < pacer.GrantUntil) || !pacer.IsHeldBack(now))
            return false;

        (_awaitsLedger, _heldSince) = (true, now);
        ledger.KickWhenMoved(group);
        return true;
    }

    /// <summary>The ledger has moved.</summary>
    public void Moved() => (_awaitsLedger, _hasBlockFailed) = (false, false);

    /// <summary>True when the ledger has held somebody back since then.</summary>
    public bool HasHeldSince(long at) => _awaitsLedger && _heldSince <= at;

    public void NoteLimit() => ledger.ChangeLimit(group.Id, pacer.Limit, pacer.Guard);

    /// <summary>A limit of one secret reaches further back than the group's own: sends count as far, here and after a restart.</summary>
    public void ReachBack(int seconds)
    {
        var (reach, now) = (seconds * SendWindow.Second, clock.Now);
        if (reach + pacer.Guard > pacer.Span)
        {
            pacer.RuledBefore(reach + pacer.Guard, now);
            NoteReach(now);
        }
    }

    /// <summary>To the ledger it is as if a longer limit had ruled for a moment.</summary>
    private void NoteReach(long now)
    {
        var reach = pacer.Reach(now);
        if (_note is not null && reach > pacer.Span)
        {
            var seconds = (int)Math.Min(RateLimit.MostSeconds, (reach + SendWindow.Second - 1) / SendWindow.Second);
            ledger.ChangeLimit(group.Id, new RateLimit(pacer.Limit.Count, seconds), 0);
            NoteLimit();
        }
    }

    /// <summary>A query of this group was sent.</summary>
    public void Sent(Turn turn, long at)
    {
        if (_unsaved is not null)
        {
            SentElsewhere(at);
            _uses?.Sent(turn, at);
        }
    }

    /// <summary>A query that counts here and runs in another group was sent.</summary>
    public void SentElsewhere(long at) => _unsaved?.Add(at, SentRuns.StepOf(pacer.Limit.Count, pacer.Span));

    /// <summary>True when it rests now: nothing is out, and nothing was sent for <paramref name="restAfter"/> ticks.</summary>
    public bool TryRest(long now, long restAfter)
    {
        // Not before its note of running is on the disk: the next one would bring another standing credit, and a start after a power
        // failure counts one.
        if (pacer.Waiting > 0 || pacer.Outstanding > 0 || _awaitsBlock || !_isDurable || now - Math.Max(pacer.LastSent, _ranAt) < restAfter)
        {
            WantOldSaved(now);
            return false;
        }

        ledger.Rest(group.Id, pacer.Limit, pacer.Guard, _unsaved?.Take() ?? [], _uses?.Take(0));
        _note = null;
        (_unsaved, _blockAt, _held, _hasBlockFailed) = (null, long.MinValue, 0, false);
        _tokens.End();
        return true;
    }

    private void Release()
    {
        _tokens.Release();
        if (_unsaved is null)
        {
            pacer.Allowance = long.MaxValue;
            return;
        }

        pacer.Allowance += _held;
        _held = 0;
    }
}
