using System.Globalization;
using System.Text;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>Everything the journal knows. Ticks are those of the process that wrote it.</summary>
internal sealed class JournalState
{
    /// <summary>The longest that any send counts: a day and the largest guard.</summary>
    private const long LongestSpan = 86_405L * 1_000_000_000;

    /// <summary>Power failures that are told apart; a machine that boots over and over does not make the file grow.</summary>
    private const int MostCredits = 32;

    /// <summary>Stamps a line, so that no line grows without bound.</summary>
    private const int StampsPerLine = 500;

    public string BootId { get; set; } = "";

    /// <summary>Tick at which the process began, and how long the machine had been up then.</summary>
    public long Began { get; set; }

    public long BeganUptime { get; set; }

    /// <summary>May send until this tick.</summary>
    public long Mark { get; set; } = long.MinValue;

    /// <summary>The newest tick that was noted: the process was alive then.</summary>
    public long Latest { get; set; } = long.MinValue;

    /// <summary>Nobody knows what was sent before this tick: every group counts its whole limit there.</summary>
    public long UnknownFullAt { get; set; } = long.MinValue;

    /// <summary>Power failed before these ticks, oldest first: every group counts its standing credit there, once for each failure.</summary>
    public List<SentRun> UnknownCredits { get; } = [];

    /// <summary>Every use of a limit beside the rate limit since this tick is noted; before it, only records of usage tell.</summary>
    public long UsesKnownSince { get; set; } = long.MaxValue;

    /// <summary>Which file it was written as; another one is a copy of it. Empty when that cannot be known.</summary>
    public string FileId { get; set; } = "";

    /// <summary>It ended with a stop, and nothing was sent after it.</summary>
    public bool IsClean { get; set; }

    public Dictionary<Guid, GroupPast> Groups { get; } = [];

    /// <summary>Keys on their way, in the order in which they set out.</summary>
    public List<GroupMove> Moves { get; } = [];

    /// <summary>What came along is noted. False: nobody was on this way.</summary>
    public bool MoveOver(Guid from, Guid to) => Moves.RemoveAll(move => move.IsBetween(from, to)) > 0;

    public void Forget(long now)
    {
        UnknownFullAt = UnknownFullAt > now - LongestSpan ? UnknownFullAt : long.MinValue;
        UnknownCredits.RemoveAll(credits => credits.At <= now - LongestSpan);
        while (UnknownCredits.Count > MostCredits)
        {
            UnknownCredits[1] = UnknownCredits[1] with { Count = UnknownCredits[0].Count + UnknownCredits[1].Count };   // later than it was
            UnknownCredits.RemoveAt(0);
        }

        Moves.RemoveAll(move => move.At <= now - LongestSpan);
        foreach (var (id, group) in Groups)
        {
            if (group.IsOver(now))
                Groups.Remove(id);
        }
    }

    public static byte[] Running(Guid id, GroupPast group, long now, long until) => JournalLine.Of(
        $"A {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {until} {group.Credit}");

    /// <summary>What was sent since the last line, and what may be sent before the next.</summary>
    public static byte[] Block(Guid id, GroupPast group, long now, ReadOnlySpan<SentRun> sent) => JournalLine.Of(
        $"B {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {group.Credit}{Deltas(sent)}");

    /// <summary>What was sent since the last line; nothing more until it runs again.</summary>
    public static byte[] Resting(Guid id, GroupPast group, long now, ReadOnlySpan<SentRun> sent) => JournalLine.Of(
        $"R {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now}{Deltas(sent)}");

    public static byte[] Limited(Guid id, GroupPast group, long now) => JournalLine.Of(
        $"L {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now}");

    public static byte[] Moving(GroupMove move) => JournalLine.Of(
        $"J {move.From:N} {move.Limit.Count} {move.Limit.Seconds} {move.Guard} {move.At} {move.To:N} {move.Credit} {move.Tokens}");

    public static byte[] Moved(Guid from, Guid to) => JournalLine.Of($"E {from:N} {to:N}");

    public static byte[] Marked(long now, long until) => JournalLine.Of($"M {now} {until}");

    public static byte[] Closed(long now) => JournalLine.Of($"Z {now}");

    /// <summary>Replaces all that was known of the group; equal stamps are written once, with how many.</summary>
    public static IEnumerable<byte[]> Exactly(Guid id, GroupPast group, long now)
    {
        for (var i = 0; i == 0 || i < group.Runs.Count; i += StampsPerLine)
        {
            var stamps = group.Runs.Skip(i).Take(StampsPerLine);
            yield return JournalLine.Of($"S {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {i}{Absolute(stamps)}");
        }
    }

    /// <summary>All of it as a file with this <see cref="IJournalFile.Id"/>.</summary>
    public byte[] ToBytes(long now, long wallMs, string fileId)
    {
        using var file = new MemoryStream();
        file.Write(JournalLine.Of($"P 1 {BootId} {Began} {BeganUptime}"));
        file.Write(JournalLine.Of($"U {UnknownFullAt}{Absolute(UnknownCredits)}"));
        file.Write(Marked(now, Mark));
        if (UsesKnownSince < long.MaxValue)
            file.Write(JournalLine.Of($"K {UsesKnownSince}"));

        if (fileId.Length > 0)
            file.Write(JournalLine.Of($"F {fileId}"));

        foreach (var (id, group) in Groups)
        {
            if (now < group.OlderUntil && group.OlderSpan > group.Span)
            {
                var ruledAt = group.OlderUntil - GroupPast.KeepsOlder;
                file.Write(JournalLine.Of($"L {id:N} {group.Limit.Count} {group.OlderSeconds} 0 {ruledAt}"));
                file.Write(Limited(id, group, ruledAt));
            }

            foreach (var line in group.Runs.Count > 0 ? Exactly(id, group, now) : [])
                file.Write(line);

            if (group.FullAt > long.MinValue)
                file.Write(JournalLine.Of($"Q {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {group.FullAt}"));

            if (group.IsRunning)
                file.Write(Running(id, group, now, Mark));

            foreach (var line in group.Uses is { } uses ? NotedUsesText.All(id, uses, now, wallMs) : [])
                file.Write(line);
        }

        Moves.ForEach(move => file.Write(Moving(move)));
        return file.ToArray();
    }

    private static string Absolute(IEnumerable<SentRun> runs) =>
        string.Concat(runs.Select(run => run.Count == 1 ? $" {run.At}" : $" {run.At}x{run.Count}"));

    /// <summary>The first as it is, each other after the one before it; with how many where it is more than one.</summary>
    private static string Deltas(ReadOnlySpan<SentRun> sent)
    {
        var words = new StringBuilder();
        var before = 0L;
        foreach (var run in sent)
        {
            words.Append(' ').Append((run.At - before).ToString(CultureInfo.InvariantCulture));
            if (run.Count > 1)
                words.Append('x').Append(run.Count.ToString(CultureInfo.InvariantCulture));

            before = run.At;
        }

        return words.ToString();
    }
}
