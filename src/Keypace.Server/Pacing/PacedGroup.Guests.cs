using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>Reports of what became of queries that count here and run in the group that their key was in.</summary>
internal sealed partial class PacedGroup
{
    private void Sent(Guest guest, long at) => Report(guest, (At: at, Input: 0L, Output: 0L), static (group, guest, what, _) =>
    {
        if (guest.State == TicketState.Granted)
        {
            group._pacer.Sent(guest, what.At);
            group._credit.SentElsewhere(what.At);
        }
    }, static (next, what) => next.Group.Sent(next, what.At));

    private void GivenBack(Guest guest) => Report(guest, default, static (group, guest, _, _) =>
    {
        if (guest.State == TicketState.Granted)
            group._pacer.GiveBack(guest);
    }, static (next, _) => next.Group.GivenBack(next));

    private void Settled(Guest guest, long inputTokens, long outputTokens) => Report(guest, (At: 0L, Input: inputTokens, Output: outputTokens),
        static (group, guest, what, now) => group._pacer.Settle(guest, what.Input, what.Output, now),
        static (next, what) => next.Group.Settled(next, what.Input, what.Output));

    private void Ended(Guest guest) => Report(guest, default, static (group, guest, _, _) => group._pacer.Ended(guest), static (next, _) => next.Group.Ended(next));

    private void Report(
        Guest guest, (long At, long Input, long Output) what, Action<PacedGroup, Guest, (long At, long Input, long Output), long> count, Action<Guest, (long At, long Input, long Output)> pass)
    {
        Guest[] further;
        using (var step = Begin())
        {
            count(this, guest, what, step.Now);
            further = guest.Guests.ToArray();
        }

        foreach (var next in further)
        {
            pass(next, what);   // its key has moved on meanwhile
        }
    }
}
