namespace Keypace.Domain.Pacing;

/// <summary>A pause that nobody knows the end of: when its time is over one query asks whether the hub answers again.</summary>
public sealed partial class Pacer
{
    private long _askEvery;
    private Ticket? _asks;

    /// <summary>How long nothing goes while the one who asks has no answer, in ticks; 0: when the pause is over all go.</summary>
    public long AskEvery => _askEvery;

    /// <summary>The pause that holds ends when a query was answered.</summary>
    public bool IsAsking => _askEvery > 0;

    /// <summary>
    /// No permit before <paramref name="until"/>, then one; what follows it waits for <see cref="Answered"/>, for at most
    /// <paramref name="askEvery"/> ticks, and then one more asks. Never shortens a pause.
    /// </summary>
    public void PauseUntil(long until, string why, long askEvery)
    {
        PauseUntil(until, why);
        (_askEvery, _asks) = (askEvery, null);
    }

    /// <summary>The hub answered this query and did not refuse it. True when that ends a pause.</summary>
    public bool Answered(Ticket ticket)
    {
        if (_gates is not null && Array.Find(_gates, gate => gate.Asks == ticket) is { } gate)
        {
            ResumeSource(gate.Source);
            return true;
        }

        if (_askEvery == 0 || ticket != _asks)
            return false;

        Resume();
        return true;
    }

    /// <summary>A query got its permit: where a pause waits for one to ask, this one does.</summary>
    private void Ask(Ticket ticket, long now)
    {
        if (_askEvery > 0)
        {
            (PausedUntil, _asks) = (now + _askEvery, ticket);
            _near = 0;
        }

        if (_gates is not null && GateOf(ticket.Need.Source) is { AskEvery: > 0 } gate)
            (gate.Until, gate.Asks) = (now + gate.AskEvery, ticket);
    }

    /// <summary>Its permit came back unused: another may ask at once.</summary>
    private void AskNoMore(Ticket ticket)
    {
        if (ticket == _asks)
            (PausedUntil, _asks) = (long.MinValue + 1, null);

        if (_gates is not null && Array.Find(_gates, gate => gate.Asks == ticket) is { } gate)
        {
            (gate.Until, gate.Asks) = (long.MinValue, null);
            _lines?.OpenAll();
        }
    }
}
