using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// What the journal knows of one rate group's use of its limits beside the rate limit: each query that runs with what is reserved for it, and
/// what is over, summed by a 500th of the longest interval.
/// </summary>
internal sealed class NotedUses
{
    private const int Slots = 500;

    /// <summary>What a query is given that ran at a kill, when nothing is known of how long answers take.</summary>
    private const long UnknownRun = 60 * SendWindow.Second;

    /// <summary>A hub needs a moment to notice that nobody listens.</summary>
    private const long ShortestRun = 2 * SendWindow.Second;

    private const long LongestRunKept = 600 * SendWindow.Second;

    private readonly Dictionary<(long Slot, string? Model, Guid Source, UseBreadth Breadth), NotedUse> _over = [];

    /// <summary>How long uses count, in ticks.</summary>
    public long Keep { get; private set; }

    /// <summary>Tokens that may have been reserved and are not noted.</summary>
    public long TokenCredit { get; set; }

    /// <summary>Queries that run, by number.</summary>
    public Dictionary<long, NotedUse> Running { get; } = [];

    public IEnumerable<NotedUse> Over => _over.Values;

    /// <summary>What may have been used besides by processes before this one.</summary>
    public List<NotedUnknown> Unknown { get; } = [];

    /// <summary>Queries of processes before this one, until they are certainly over.</summary>
    public List<LeftRunning> Left { get; } = [];

    /// <summary>The limits that count them, those included that rule no longer.</summary>
    public List<CountedLimit> Limits { get; } = [];

    /// <summary>The longest that an answer took, in ticks; 0: none ended yet.</summary>
    public long LongestRun { get; set; }

    /// <summary>How long a query that ran at a kill may go on at its hub.</summary>
    public long MayRunOn => LongestRun == 0 ? UnknownRun : Math.Clamp(LongestRun, ShortestRun, LongestRunKept);

    public void KeepFor(long keep) => Keep = Math.Max(Keep, keep);

    /// <summary>Takes notes in; <paramref name="wallMs"/> is the wall clock at <paramref name="now"/>.</summary>
    public void Add(ReadOnlySpan<UseNote> notes, long now, long wallMs)
    {
        foreach (ref readonly var note in notes)
            Add(note, note.WallMs != 0 ? note.WallMs : wallMs - ((now - note.At) / MonotonicClock.NanosecondsPerMillisecond));
    }

    public void AddOver(in NotedUse use)
    {
        var slot = (use.At / Math.Max(1, Keep / Slots), use.Model, use.Source, use.Breadth);
        if (_over.TryGetValue(slot, out var before))
        {
            _over[slot] = new NotedUse(
                Math.Max(before.At, use.At), Math.Max(before.WallMs, use.WallMs), use.Model, use.Source,
                before.Requests + use.Requests, before.Input + use.Input, before.Output + use.Output) { Breadth = use.Breadth };
        }
        else
        {
            _over.Add(slot, use);
        }
    }

    /// <summary>Drops what no longer counts.</summary>
    public void Forget(long now)
    {
        foreach (var (slot, use) in _over)
        {
            if (use.At + Keep <= now)
                _over.Remove(slot);
        }

        Unknown.RemoveAll(unknown => unknown.At + Keep <= now);
        Left.RemoveAll(left => left.Until <= now);
    }

    public bool IsOver(long now)
    {
        Forget(now);
        return Running.Count == 0 && _over.Count == 0 && Unknown.Count == 0 && Left.Count == 0;
    }

    private void Add(in UseNote note, long wallMs)
    {
        switch (note.Kind)
        {
            case UseKind.Sent:
                Running[note.Number] = new NotedUse(note.At, wallMs, note.Model, note.Source, note.Requests, note.Input, note.Output);
                break;
            case UseKind.Settled when Running.TryGetValue(note.Number, out var running):
                Running[note.Number] = running with { Input = note.Input, Output = note.Output };
                break;
            case UseKind.Ended when Running.Remove(note.Number, out var ended):
                LongestRun = Math.Max(LongestRun, note.At - ended.At);
                AddOver(ended);
                break;
            case UseKind.Past:
                AddOver(new NotedUse(note.At, wallMs, note.Model, note.Source, note.Requests, note.Input, note.Output) { Breadth = note.Breadth });
                break;
        }
    }
}

/// <param name="At">Tick of the newest of them.</param>
/// <param name="WallMs">The same in Unix milliseconds, as the wall clock had it.</param>
internal readonly record struct NotedUse(long At, long WallMs, string? Model, Guid Source, long Requests, long Input, long Output)
{
    public UseBreadth Breadth { get; init; }
}

/// <summary>What a process may have used without a note; <see cref="UnknownUse"/>.</summary>
/// <param name="IsOfOther">It came along with a key: of the group that the key left.</param>
internal readonly record struct NotedUnknown(long At, long WallMs, long Requests, long Tokens, bool IsLast, bool IsOfOther = false);
