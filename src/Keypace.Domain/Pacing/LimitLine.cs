using System.Numerics;

namespace Keypace.Domain.Pacing;

/// <summary>Those in line that wait for the same limits: when one of them may not go, none may.</summary>
/// <param name="Number">Bit in a <see cref="LineSet"/>; free again when nobody is left in it.</param>
internal sealed class LimitLine(int number, LineName name)
{
    private PriorityQueue<Ticket, int>? _eldest;   // by passes before; also some who left

    public int Number => number;

    public LineName Name => name;

    public int Count { get; set; }

    /// <summary>How often one of it was passed while it was closed.</summary>
    public int Passes { get; set; }

    /// <summary>
    /// How often the one of it was passed that was passed most, or somebody behind it: all of a line are passed as often as the first of it.
    /// </summary>
    public int MostPassed
    {
        get
        {
            while (_eldest is not null && _eldest.TryPeek(out var ticket, out var before))
            {
                if (ReferenceEquals(ticket.Limits, this))
                    return Passes - before;

                _eldest.Dequeue();
            }

            return 0;
        }
    }

    /// <param name="passed">How often it was passed before it came here.</param>
    public void Enter(Ticket ticket, int passed)
    {
        Count++;
        (ticket.Limits, ticket.Line, ticket.PassesBefore) = (this, Number, Passes - passed);
        if (Name is { Input: 0, Output: 0 })
        {
            return;   // of one like another none is ever passed
        }

        _eldest ??= new();
        if (_eldest.Count > (2 * Count) + 16)
        {
            var here = _eldest.UnorderedItems.Where(entry => ReferenceEquals(entry.Element.Limits, this)).ToArray();
            _eldest.Clear();
            _eldest.EnqueueRange(here);
        }

        _eldest.Enqueue(ticket, ticket.PassesBefore);
    }

    /// <summary>What closed it; null while it is open.</summary>
    public Blockade? ClosedBy { get; set; }

    /// <summary>Tick from which it may be open again; <see cref="long.MaxValue"/>: nobody knows.</summary>
    public long ClosedUntil => ClosedBy?.Until ?? long.MinValue;

    /// <summary>Those of one line draw on the same meters: this is one's.</summary>
    public required QuotaClaim[]? Claims { get; init; }

    public bool DrawsOn(QuotaMeter meter) => meter is PauseGate gate ? gate.Holds(Name.Model, Name.Source) : QuotaClaims.On(Claims, meter);
}

/// <summary>What a line's queries have in common.</summary>
/// <param name="Model">Where a limit or a pause of one model concerns them, or may; else null.</param>
/// <param name="Input">Tokens, where a limit of tokens counts them; below zero a size class.</param>
/// <param name="Output">The same.</param>
internal readonly record struct LineName(string? Model, Guid Source, long Input, long Output)
{
    /// <param name="isExact">Queries of each size in a line of their own: then a small one finds every gap that is large enough for it. Else
    /// those within a quarter of each other stand together, and wait for the first of them.</param>
    /// <param name="byModel">The model sets them apart, whatever limits there are.</param>
    public static LineName Of(in QueryNeed need, QuotaClaim[]? claims, bool isExact, bool byModel)
    {
        var (model, tokens) = (byModel, 0L);
        foreach (ref var claim in claims.AsSpan())
        {
            model |= claim.Meter.Quota.Model is not null;
            tokens = claim.Meter.IsOfTokens ? Math.Max(tokens, claim.Amount + 1) : tokens;
        }

        return new(
            model ? need.Model : null,
            need.Source,
            tokens == 0 ? 0 : isExact ? need.InputTokens : -1 - SizeClass(tokens),
            tokens == 0 || !isExact ? 0 : need.OutputTokens);
    }

    /// <summary>Four to each doubling.</summary>
    private static int SizeClass(long tokens)
    {
        var log = BitOperations.Log2((ulong)tokens);
        return (log * 4) + (log < 2 ? 0 : (int)((tokens >> (log - 2)) & 3));
    }
}

internal static class QuotaClaims
{
    public static bool On(QuotaClaim[]? claims, QuotaMeter meter)
    {
        foreach (ref var claim in claims.AsSpan())
        {
            if (ReferenceEquals(claim.Meter, meter))
                return true;
        }

        return false;
    }
}
