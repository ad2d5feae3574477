using System.Globalization;
using Keypace.Domain.Keys;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// Reads a journal. A damaged end is what a power failure leaves and is ignored: what it would have said had not been promised yet.
/// Damage before
/// a whole line means that something promised is gone.
/// </summary>
internal static class JournalReading
{
    /// <summary>Null when it is damaged or not of this version.</summary>
    public static JournalState? Of(ReadOnlySpan<byte> file)
    {
        var state = new JournalState();
        var (isFirst, isDamaged) = (true, false);
        while (!file.IsEmpty)
        {
            var end = file.IndexOf((byte)'\n');
            var words = end < 0 ? null : JournalLine.Words(file[..end]);
            file = end < 0 ? default : file[(end + 1)..];
            if (words is null)
            {
                isDamaged = true;
                continue;
            }

            if (isDamaged || isFirst != (words[0] == "P"))
                return null;

            isFirst = false;
            try
            {
                Apply(state, words);
            }
            catch (Exception fault) when (fault is FormatException or OverflowException or IndexOutOfRangeException)
            {
                return null;   // whole, and yet not ours
            }
        }

        return isFirst ? null : state;
    }

    private static void Apply(JournalState state, string[] words)
    {
        state.IsClean &= words[0] == "T";   // answers that ended after the stop are still noted
        switch (words[0])
        {
            case "P" when words[1] == "1":
                (state.BootId, state.Began, state.BeganUptime) = (words[2], Tick(words[3]), Tick(words[4]));
                Alive(state, state.Began);
                break;
            case "U":
                state.UnknownFullAt = Tick(words[1]);
                state.UnknownCredits.AddRange(Runs(words.AsSpan(2)).FindAll(credits => credits.At > long.MinValue));   // as it was written before: none
                break;
            case "M":
                Alive(state, Tick(words[1]));
                state.Mark = Math.Max(state.Mark, Tick(words[2]));
                break;
            case "A":
                var running = Group(state, words);
                running.IsRunning = true;
                running.Credit = words.Length > 7 ? Count(words[7]) : GroupPast.Unbounded;
                state.Mark = Math.Max(state.Mark, Tick(words[6]));   // once it is on the disk, all groups may send until then
                break;
            case "B":
                var sending = Group(state, words);
                (sending.IsRunning, sending.Credit) = (true, Count(words[6]));
                sending.Add(Deltas(words.AsSpan(7)), state.Latest);
                break;
            case "R":
                var resting = Group(state, words);
                resting.IsRunning = false;
                resting.Add(Deltas(words.AsSpan(6)), state.Latest);
                break;
            case "L":
                _ = Group(state, words);
                break;
            case "J":
                var leaves = Group(state, words);
                var (from, to) = (Guid.ParseExact(words[1], "N"), Guid.ParseExact(words[6], "N"));
                state.MoveOver(from, to);
                state.Moves.Add(new GroupMove(from, to, leaves.Limit, leaves.Guard, Count(words[7]), Amount(words[8])) { At = Tick(words[5]) });
                break;
            case "E":
                state.MoveOver(Guid.ParseExact(words[1], "N"), Guid.ParseExact(words[2], "N"));
                break;
            case "K":
                state.UsesKnownSince = Tick(words[1]);
                break;
            case "T":
                Uses(state, words);
                break;
            case "F":
                state.FileId = words[1];
                break;
            case "Q":
                RestFull(Group(state, words), Tick(words[6]));
                break;
            case "S":
                var exact = Group(state, words);
                AddStamps(exact, words);
                break;
            case "Z":
                Alive(state, Tick(words[1]));
                state.IsClean = true;
                break;
            default:
                throw new FormatException("Unknown line.");
        }
    }

    /// <summary>A line before it has named the group's limit.</summary>
    private static void Uses(JournalState state, string[] words)
    {
        if (!state.Groups.TryGetValue(Guid.ParseExact(words[1], "N"), out var group))
        {
            group = new GroupPast(new RateLimit(1, 1), 0);   // only its uses still count
            state.Groups.Add(Guid.ParseExact(words[1], "N"), group);
        }

        var uses = group.Uses ??= new NotedUses();
        var (now, wallMs, keep, credit) = (Tick(words[2]), Tick(words[3]), Amount(words[4]), Amount(words[5]));
        uses.KeepFor(keep);
        uses.TokenCredit = credit;
        NotedUsesText.Read(uses, words.AsSpan(6), now, wallMs);
        Alive(state, now);
    }

    /// <summary>The whole limit at one tick, which covers every send before it.</summary>
    private static void RestFull(GroupPast group, long lastSent)
    {
        group.IsRunning = false;
        if (lastSent > long.MinValue && lastSent >= group.FullAt)
            group.FullAt = lastSent;
    }

    private static GroupPast Group(JournalState state, string[] words)
    {
        var id = Guid.ParseExact(words[1], "N");
        var limit = new RateLimit((int)Tick(words[2]), (int)Tick(words[3]));
        var guard = Tick(words[4]);
        if (!limit.IsWithinBounds || guard < 0)
            throw new FormatException("A limit out of bounds.");

        if (!state.Groups.TryGetValue(id, out var group))
        {
            group = new GroupPast(limit, guard);
            state.Groups.Add(id, group);
        }

        group.Rule(limit, guard, Tick(words[5]));
        Alive(state, Tick(words[5]));
        return group;
    }

    private static void AddStamps(GroupPast group, string[] words)
    {
        group.IsRunning = false;
        if (Tick(words[6]) == 0)
        {
            group.FullAt = long.MinValue;
            group.Runs.Clear();
        }

        group.Runs.AddRange(Runs(words.AsSpan(7)));
    }

    private static List<SentRun> Runs(ReadOnlySpan<string> words)
    {
        var runs = new List<SentRun>(words.Length);
        foreach (var word in words)
        {
            var (at, count) = Run(word);
            runs.Add(new SentRun(at, count));
        }

        return runs;
    }

    private static SentRun[] Deltas(ReadOnlySpan<string> words)
    {
        var runs = new SentRun[words.Length];
        var before = 0L;
        for (var i = 0; i < runs.Length; i++)
        {
            var (delta, count) = Run(words[i]);
            before = checked(before + delta);
            runs[i] = new SentRun(before, count);
        }

        return runs;
    }

    private static (long Number, int Count) Run(string word)
    {
        var times = word.IndexOf('x', StringComparison.Ordinal);
        return times < 0 ? (Tick(word), 1) : (Tick(word[..times]), Count(word[(times + 1)..]));
    }

    private static int Count(string word) => Tick(word) is >= 0 and <= 2 * RateLimit.MostCount and var count
        ? (int)count
        : throw new FormatException("A count out of bounds.");

    private static long Amount(string word) => Tick(word) is >= 0 and var amount ? amount : throw new FormatException("A number below 0.");

    private static void Alive(JournalState state, long now) => state.Latest = Math.Max(state.Latest, now);

    private static long Tick(string word) => long.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
