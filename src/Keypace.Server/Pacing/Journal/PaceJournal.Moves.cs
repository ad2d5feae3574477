using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>The part of the journal that knows of keys on their way from one group to another.</summary>
internal sealed partial class PaceJournal
{
    public ValueTask ForeseeAsync(GroupMove move)
    {
        long note;
        lock (_gate)
        {
            var now = _clock.Now;
            if (!_state.Groups.TryGetValue(move.From, out var leaves))
                leaves = Past(move.From, move.Limit, move.Guard);

            move = move with { Limit = leaves.Limit, Guard = leaves.Guard, At = now };
            _state.MoveOver(move.From, move.To);
            _state.Moves.Add(move);
            note = Write(JournalState.Moving(move)) ? _notes : long.MaxValue;
        }

        Flush();
        return IsDurable(note)
            ? ValueTask.CompletedTask
            : throw new IOException("The pacing journal cannot be written, so no key can change its rate group. The log says why; most often the disk is full.");
    }

    public void MoveOver(Guid from, Guid to)
    {
        lock (_gate)
        {
            if (_state.MoveOver(from, to))
            {
                Write(JournalState.Moved(from, to));   // behind the note of what came along, so never on the disk without it
            }
        }
    }
}
