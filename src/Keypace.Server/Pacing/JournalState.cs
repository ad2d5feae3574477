namespace Keypace.Server.Pacing;

/// <summary>Everything the journal knows. Ticks are those of the process that wrote it.</summary>
internal sealed class JournalState
{
    /// <summary>The longest that any send counts: a day and the largest guard.</summary>
    private const long LongestSpan = 86_405L * 1_000_000_000;

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

    /// <summary>Power failed before this tick: every group counts its standing credit there.</summary>
    public long UnknownCreditAt { get; set; } = long.MinValue;

    /// <summary>It ended with a stop, and nothing was sent after it.</summary>
    public bool IsClean { get; set; }

    public Dictionary<Guid, GroupPast> Groups { get; } = [];

    public void Forget(long now)
    {
        UnknownFullAt = UnknownFullAt > now - LongestSpan ? UnknownFullAt : long.MinValue;
        UnknownCreditAt = UnknownCreditAt > now - LongestSpan ? UnknownCreditAt : long.MinValue;
        foreach (var (id, group) in Groups)
        {
            if (group.IsOver(now))
            {
                Groups.Remove(id);
            }
        }
    }

    public static byte[] Running(Guid id, GroupPast group, long now, long until) => JournalLine.Of(
        $"A {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {until}");

    public static byte[] Resting(Guid id, GroupPast group, long now) => JournalLine.Of(
        $"Q {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {group.FullAt}");

    public static byte[] Marked(long now, long until) => JournalLine.Of($"M {now} {until}");

    public static byte[] Closed(long now) => JournalLine.Of($"Z {now}");

    /// <summary>Replaces all that was known of the group; equal stamps are written once, with how many.</summary>
    public static IEnumerable<byte[]> Exactly(Guid id, GroupPast group, long now)
    {
        var runs = new List<string>();
        for (var i = 0; i < group.Stamps.Count;)
        {
            var next = i + 1;
            while (next < group.Stamps.Count && group.Stamps[next] == group.Stamps[i])
            {
                next++;
            }

            runs.Add(next - i == 1 ? $"{group.Stamps[i]}" : $"{group.Stamps[i]}x{next - i}");
            i = next;
        }

        for (var i = 0; i == 0 || i < runs.Count; i += StampsPerLine)
        {
            var stamps = string.Join(' ', runs.Skip(i).Take(StampsPerLine));
            yield return JournalLine.Of(
                $"S {id:N} {group.Limit.Count} {group.Limit.Seconds} {group.Guard} {now} {i}{(stamps.Length > 0 ? " " : "")}{stamps}");
        }
    }

    /// <summary>All of it as a file.</summary>
    public byte[] ToBytes(long now)
    {
        using var file = new MemoryStream();
        file.Write(JournalLine.Of($"P 1 {BootId} {Began} {BeganUptime}"));
        file.Write(JournalLine.Of($"U {UnknownFullAt} {UnknownCreditAt}"));
        file.Write(Marked(now, Mark));
        foreach (var (id, group) in Groups)
        {
            foreach (var line in group.Stamps.Count > 0 ? Exactly(id, group, now) : [])
            {
                file.Write(line);
            }

            if (group.FullAt > long.MinValue)
            {
                file.Write(Resting(id, group, now));
            }

            if (group.IsRunning)
            {
                file.Write(Running(id, group, now, Mark));
            }
        }

        return file.ToArray();
    }
}
