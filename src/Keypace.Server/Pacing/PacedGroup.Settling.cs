using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a query is expected to use, and what it used.</summary>
internal sealed partial class PacedGroup
{
    private OutputEstimates? _estimates;   // made with the first answer that was counted

    /// <summary>Learned estimate of an answer's tokens; <see cref="OutputEstimates.Of"/>.</summary>
    public long EstimateOutput(string model, long? mostTokens, long otherwise)
    {
        lock (Gate)
        {
            return _estimates?.Of(model, mostTokens, otherwise) ?? mostTokens ?? otherwise;
        }
    }

    /// <summary>Output tokens that are reserved at most for an answer of which nothing is known.</summary>
    public long MostGuess(string? model, long input)
    {
        lock (Gate)
        {
            return _pacer.MostGuess(model, input);
        }
    }

    /// <summary>True when the group has quotas: then queries need estimates, and <see cref="Turn.Settle"/>.</summary>
    public bool HasQuotas { get; private set; }

    internal void Settle(Turn turn, long inputTokens, long outputTokens)
    {
        Guest[] guests;
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _pacer.Settle(turn, inputTokens, outputTokens, now);
            NoteSettled(turn, inputTokens, outputTokens);
            guests = turn.Guests.ToArray();
            if (turn.Need.Model is { } model)
            {
                (_estimates ??= new OutputEstimates()).Learn(model, outputTokens);
            }

            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            guest.Group.Settled(guest, inputTokens, outputTokens);
        }
    }

    internal void Ended(Turn turn)
    {
        Guest[] guests;
        Interlocked.Decrement(ref _inFlight);
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _pacer.Ended(turn);
            NoteEnded(turn, now);
            guests = turn.Guests.ToArray();
            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            guest.Group.Ended(guest);
        }
    }
}
