using System.Collections.Concurrent;
using Keypace.Domain.Keys;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// The blocks of credit: written in the background, all that are wanted at once in one write. They need not be on the disk, only with the
/// system: a kill leaves them there, and after a power failure a group that ran counts its whole limit.
/// </summary>
internal sealed partial class PaceJournal
{
    private readonly ConcurrentQueue<IGrantHolder> _wantBlocks = new();
    private int _blocksAsked;

    public void WriteBlockSoon(IGrantHolder group)
    {
        _wantBlocks.Enqueue(group);
        if (Interlocked.Exchange(ref _blocksAsked, 1) == 0)
            _later(WriteBlocks);
    }

    public long WriteNow(Guid groupId, RateLimit limit, long guard, SentRun[] sent)
    {
        lock (_gate)
        {
            var now = _clock.Now;
            var past = Past(groupId, limit, guard);
            past.Add(sent, now);
            if (!Write(JournalState.Block(groupId, past, now, sent)))
            {
                return _notes + 1;   // it is in what is written once the disk works again
            }

            AskFlush();
            return _notes;
        }
    }

    public void ChangeLimit(Guid groupId, RateLimit limit, long guard)
    {
        lock (_gate)
        {
            if (_state.Groups.ContainsKey(groupId))   // of one that sent nothing there is nothing to keep
                Write(JournalState.Limited(groupId, Past(groupId, limit, guard), _clock.Now));
        }
    }

    public void Rest(Guid groupId, RateLimit limit, long guard, SentRun[] sent, UseBlock? uses)
    {
        lock (_gate)
        {
            var now = _clock.Now;
            var group = Past(groupId, limit, guard);
            (group.IsRunning, group.Credit) = (false, 0);
            group.Add(sent, now);
            _running--;
            var line = JournalState.Resting(groupId, group, now, sent);
            Write(uses is null ? line : [.. line, .. Noted(groupId, group, uses, now)]);   // lost with the power, it only makes the next start wait
        }
    }

    public void Forget(Guid groupId)
    {
        lock (_gate)
        {
            if (_state.Groups.TryGetValue(groupId, out var group) && group.IsOver(_clock.Now))
                _state.Groups.Remove(groupId);
        }
    }

    private void WriteBlocks()
    {
        var written = new List<(IGrantHolder Group, GrantBlock Block)>();
        bool isWritten;
        long note;
        lock (_blocks)
        {
            Volatile.Write(ref _blocksAsked, 0);
            while (_wantBlocks.TryDequeue(out var group))
            {
                if (group.NextBlock() is { } block)   // takes the group's lock, so not under ours
                {
                    written.Add((group, block));
                }
            }

            lock (_gate)
            {
                var now = _clock.Now;
                var lines = new List<byte[]>(written.Count);
                foreach (var (group, block) in written)
                {
                    var past = Past(group.Id, block.Limit, block.Guard);
                    if (block.IsResting)
                    {
                        lines.Add(Noted(group.Id, past, block.Uses!, now));
                        continue;
                    }

                    past.Credit = block.Credit;
                    past.Add(block.Sent, now);
                    lines.Add(JournalState.Block(group.Id, past, now, block.Sent));
                    if (block.Uses is { } uses)
                        lines.Add(Noted(group.Id, past, uses, now));
                }

                isWritten = written.Count == 0 || Write([.. lines.SelectMany(line => line)]);
                note = _notes;
                if (isWritten && written.Exists(one => one.Block.Uses is { IsKept: true }))
                    AskFlush();
            }
        }

        foreach (var (group, _) in written)
            group.BlockEnded(isWritten ? note : null);
    }
}
