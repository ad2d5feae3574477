namespace Keypace.Domain.Pacing;

/// <summary>Who leaves the line without a permit, and who is told that his is near.</summary>
public sealed partial class Pacer
{
    /// <summary>Everybody leaves the line; each is added to <paramref name="changed"/>.</summary>
    public void GiveBackAll(ICollection<Ticket> changed)
    {
        while (_line?.Dequeue() is { } ticket)
        {
            LeaveLine(ticket);
            ticket.State = TicketState.Cancelled;
            changed.Add(ticket);
        }
    }

    private void Expire(long before, ICollection<Ticket> changed)
    {
        while (_deadlines.TakeBefore(before) is { } ticket)
        {
            Line.Remove(ticket);
            LeaveLine(ticket);
            ticket.State = TicketState.Expired;
            changed.Add(ticket);
        }
    }

    private void LeaveLine(Ticket ticket)
    {
        _near -= ticket.IsNear && _near > 0 ? 1 : 0;
        _lines?.Leave(ticket);
        if (Waiting == 0 && IsPlain)
            _lines = null;
    }

    private void TellNear(long now, ICollection<Ticket> changed)
    {
        if (NextNear(now) > now)
            return;

        _nextNear = now + NearEvery;
        var near = PausedUntil > now + NearAhead ? 0 : Math.Min(Waiting, _window.FreeBy(now + NearAhead));
        if (near > 0 && _lines is not null)
            near = Math.Min(near, _lines.WaitingBy(now + NearAhead));

        foreach (var ticket in near == 0 ? [] : _line!.InOrder(_lines?.OpenBy(now + NearAhead)).Take(near))
        {
            if (!ticket.IsNear)
            {
                ticket.IsNear = true;
                changed.Add(ticket);
            }
        }

        _near = near;
    }
}
