using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>How a key comes into another rate group while its queries wait.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>
    /// What counts now, oldest first. Permits that are out count as sent now: they leave within moments.
    /// </summary>
    internal long[] Past()
    {
        lock (Gate)
        {
            var now = _clock.Now;
            var counting = _pacer.Counting(now);
            var stamps = new long[counting.Length + _pacer.Outstanding];
            counting.CopyTo(stamps, 0);
            Array.Fill(stamps, now, counting.Length, _pacer.Outstanding);
            return stamps;
        }
    }

    /// <summary>
    /// A key joins that has sent elsewhere: its account's hub counts those sends, so this group does too. Some of them may have been of other
    /// keys of the group that it leaves; that errs on the safe side and is over after one interval.
    /// </summary>
    internal void TakeOver(long[] stamps)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            if (_isRetired)
            {
                _home.Successor(this).TakeOver(stamps);
                return;
            }

            var now = _clock.Now;
            _pacer.Restore(stamps);
            if (_note is null && stamps.Length > 0)
            {
                Run(now);   // the journal must know that something counts here
            }

            var step = SentRuns.StepOf(_pacer.Limit.Count, _pacer.Span);
            foreach (var stamp in stamps)
            {
                _unsaved?.Add(stamp, step);
            }

            AskBlock();

            Step(now, changed);
        }

        WakeAll(changed);
    }

    /// <summary>The key's queries leave the line: each enters that of the key's new group.</summary>
    internal void SendAway(Guid apiKeyId)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            foreach (var ticket in _pacer.InOrder().Where(ticket => ((Turn)ticket).ApiKeyId == apiKeyId).ToArray())
            {
                ((Turn)ticket).IsMoved = true;
                _pacer.GiveBack(ticket);
                changed.Add(ticket);
            }

            Step(_clock.Now, changed);
        }

        WakeAll(changed);
    }
}
