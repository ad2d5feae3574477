using System.Globalization;
using System.Text;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// <see cref="NotedUses"/> as lines <c>T</c> of the journal: words behind group, tick, wall clock, how long uses count and the credit. A word is a letter and
/// numbers with points between them; a model is percent-encoded and last.
/// </summary>
internal static class NotedUsesText
{
    private const int WordsPerLine = 400;

    /// <summary>What is new since the last line.</summary>
    public static byte[] Line(Guid id, NotedUses uses, long now, long wallMs, UseBlock block)
    {
        var words = new StringBuilder();
        foreach (var word in block.Limits is { } limits ? Words(limits) : [])
            words.Append(word);

        foreach (ref readonly var note in block.Notes.AsSpan())
            words.Append(Word(note));

        return Line(id, uses, now, wallMs, words.ToString());
    }

    /// <summary>Everything that is known.</summary>
    public static IEnumerable<byte[]> All(Guid id, NotedUses uses, long now, long wallMs)
    {
        var words = Words(uses.Limits).Concat(uses.Over.Select(Word))
            .Concat(uses.Running.Select(entry => $" s{N(entry.Key)}.{N(entry.Value.At)}.{N(entry.Value.Input)}.{N(entry.Value.Output)}.{Named(entry.Value.Source, entry.Value.Model)}"))
            .Concat(uses.Unknown.Select(one => $" c{N(one.At)}.{N(one.WallMs)}.{N(one.Requests)}.{N(one.Tokens)}.{(one.IsLast ? 1 : 0) + (one.IsOfOther ? 2 : 0)}"))
            .Concat(uses.Left.Select(one => $" r{N(one.Until)}.{N(one.Count)}.{(one.IsUnknown ? 1 : 0)}.{Named(one.Source, one.Model)}"))
            .Append($" l{N(uses.LongestRun)}");
        return words.Chunk(WordsPerLine).Select(chunk => Line(id, uses, now, wallMs, string.Concat(chunk)));
    }

    /// <summary>Takes a line's words in, from the sixth on.</summary>
    /// <exception cref="FormatException">It is not such a line; also <see cref="OverflowException"/> and <see cref="IndexOutOfRangeException"/>.</exception>
    public static void Read(NotedUses uses, ReadOnlySpan<string> words, long now, long wallMs)
    {
        foreach (var word in words)
        {
            var rest = word[1..];
            switch (word[0])
            {
                case 's':
                    var sent = rest.Split('.', 6);
                    uses.Add([new UseNote(UseKind.Sent, Tick(sent[0]), Tick(sent[1]), 1, Amount(sent[2]), Amount(sent[3]), Model(sent[5])) { Source = Source(sent[4]) }], now, wallMs);
                    break;
                case 'u':
                    var settled = rest.Split('.');
                    uses.Add([new UseNote(UseKind.Settled, Tick(settled[0]), 0, 1, Amount(settled[1]), Amount(settled[2]))], now, wallMs);
                    break;
                case 'e':
                    var ended = rest.Split('.');
                    uses.Add([new UseNote(UseKind.Ended, Tick(ended[0]), Tick(ended[1]))], now, wallMs);
                    break;
                case 'p' or 'o' or 'a':
                    var past = rest.Split('.', 7);
                    uses.AddOver(new NotedUse(Tick(past[0]), Tick(past[1]), Model(past[6]), Source(past[5]), Amount(past[2]), Amount(past[3]), Amount(past[4]))
                    {
                        Breadth = word[0] switch { 'o' => UseBreadth.ModelOnly, 'a' => UseBreadth.AnyModel, _ => UseBreadth.Model },
                    });
                    break;
                case 'c':
                    var unknown = rest.Split('.');
                    uses.Unknown.Add(new NotedUnknown(
                        Tick(unknown[0]), Tick(unknown[1]), Amount(unknown[2]), Amount(unknown[3]), IsLast: unknown[4] is "1" or "3", IsOfOther: unknown[4] is "2" or "3"));
                    break;
                case 'r':
                    var left = rest.Split('.', 5);
                    uses.Left.Add(new LeftRunning(Tick(left[0]), Amount(left[1]), Model(left[4]), left[2] == "1", Source(left[3])));
                    break;
                case 'l':
                    uses.LongestRun = Math.Max(uses.LongestRun, Amount(rest));
                    break;
                case 'n':
                    uses.Limits.Clear();
                    break;
                case 'q':
                    uses.Limits.AddRange(Limit(rest.Split('.', 5)));
                    break;
                default:
                    throw new FormatException("Unknown word.");
            }
        }
    }

    private static byte[] Line(Guid id, NotedUses uses, long now, long wallMs, string words) =>
        JournalLine.Of($"T {id:N} {now} {wallMs} {uses.Keep} {uses.TokenCredit}{words}");

    private static string Word(NotedUse use) =>
        $" {Letter(use.Breadth)}{N(use.At)}.{N(use.WallMs)}.{N(use.Requests)}.{N(use.Input)}.{N(use.Output)}.{Named(use.Source, use.Model)}";

    private static string Word(in UseNote note) => note.Kind switch
    {
        UseKind.Sent => $" s{N(note.Number)}.{N(note.At)}.{N(note.Input)}.{N(note.Output)}.{Named(note.Source, note.Model)}",
        UseKind.Settled => $" u{N(note.Number)}.{N(note.Input)}.{N(note.Output)}",
        UseKind.Ended => $" e{N(note.Number)}.{N(note.At)}",
        _ => Word(new NotedUse(note.At, note.WallMs, note.Model, note.Source, note.Requests, note.Input, note.Output) { Breadth = note.Breadth }),
    };

    /// <summary>All limits that count; <c>n</c> ends those that were said before.</summary>
    private static IEnumerable<string> Words(IReadOnlyList<CountedLimit> limits) => limits.Select(limit =>
        $" q{N((int)limit.Quota.Dimension)}.{N(limit.Quota.Seconds)}.{N(limit.Until)}.{Escaped(limit.Quota.Zone?.Id)}.{Escaped(limit.Quota.Model)}").Prepend(" n");

    /// <summary>The limit; of a zone that this machine does not know, none.</summary>
    private static IEnumerable<CountedLimit> Limit(string[] words)
    {
        var zone = Model(words[3]) is { } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var found) ? found : null;
        var quota = new Quota((QuotaDimension)Tick(words[0]), Quota.MostLimit, (int)Amount(words[1]), zone, Model(words[4]));
        return words[3].Length > 0 && zone is null ? [] : quota.Fault() is { } fault ? throw new FormatException(fault) : [new CountedLimit(quota, Tick(words[2]))];
    }

    private static string Escaped(string? name) => name is null ? "" : Uri.EscapeDataString(name).Replace(".", "%2E", StringComparison.Ordinal);

    private static char Letter(UseBreadth breadth) => breadth switch { UseBreadth.ModelOnly => 'o', UseBreadth.AnyModel => 'a', _ => 'p' };

    private static string N(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Named(Guid source, string? model) =>
        $"{(source == default ? "" : source.ToString("N"))}.{(model is null ? "" : Uri.EscapeDataString(model))}";

    private static string? Model(string word) => word.Length == 0 ? null : Uri.UnescapeDataString(word);

    private static Guid Source(string word) => word.Length == 0 ? default : Guid.ParseExact(word, "N");

    private static long Amount(string word) => Tick(word) is >= 0 and var amount ? amount : throw new FormatException("An amount below 0.");

    private static long Tick(string word) => long.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
