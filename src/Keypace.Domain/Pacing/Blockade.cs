namespace Keypace.Domain.Pacing;

/// <summary>A line, the first of it when it was closed, and what that needs.</summary>
internal sealed record Closing(LimitLine Line, Ticket Head, long Amount)
{
    /// <summary>Lines that may not use what is kept for the head.</summary>
    public List<LimitLine>? Kept { get; set; }
}

/// <summary>A meter without room, and the lines that it closed.</summary>
internal sealed class Blockade(QuotaMeter meter)
{
    public QuotaMeter Meter => meter;

    public List<Closing> Closings { get; } = [];

    /// <summary>It closed all lines that draw on it.</summary>
    public bool HoldsAll { get; set; }

    public long Least { get; set; } = long.MaxValue;

    /// <summary>When it has room for the least that is asked of it.</summary>
    public long Until { get; set; } = long.MinValue;

    public bool IsOver => !HoldsAll && Closings.Count == 0;

    /// <summary>The ticket has left its line; true when that changes which lines are closed.</summary>
    public bool Forget(Ticket ticket, LimitLine line)
    {
        var isEmpty = line.Count == 0;
        var isChanged = false;
        for (var i = Closings.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(Closings[i].Head, ticket) || (isEmpty && ReferenceEquals(Closings[i].Line, line)))
            {
                Closings.RemoveAt(i);
                isChanged = true;
            }
            else if (isEmpty)
            {
                Closings[i].Kept?.Remove(line);   // its number may soon be another's
            }
        }

        return isChanged;
    }
}
