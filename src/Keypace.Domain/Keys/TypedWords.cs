using System.Buffers;
using System.Text.Encodings.Web;

namespace Keypace.Domain.Keys;

/// <summary>
/// The words of a command line or of settings, and sentences about them: what may be a secret in the wrong place is taken out of every sentence. Where a
/// single name is said back, <see cref="TypedName"/> is stricter; here addresses and paths must stay readable.
/// </summary>
public sealed class TypedWords
{
    private const string Instead = "(not repeated here, for it looks like a secret)";

    /// <summary>Shorter words stand in sentences of their own accord.</summary>
    private const int Shortest = 8;

    private static readonly SearchValues<char> BetweenWords = SearchValues.Create(" -_./\\:,@");

    private readonly string[] _hidden;

    /// <param name="typed">Words as they were typed; what stands behind an <c>=</c> is a word too.</param>
    public TypedWords(IEnumerable<string> typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        _hidden = [.. typed.SelectMany(Pieces)
            .Where(MayBeSecret)
            .SelectMany(word => (string[])[word, JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(word)])
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(word => word.Length)];
    }

    /// <summary>Nothing that was typed looks like a secret.</summary>
    public bool AreHarmless => _hidden.Length == 0;

    public string Without(string sentence)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        foreach (var word in _hidden)
            sentence = sentence.Replace(word, Instead, StringComparison.OrdinalIgnoreCase);
        return sentence;
    }

    /// <summary>What may be said wrongly in one word: all of it, and what stands before its first <c>=</c>, and behind each.</summary>
    private static IEnumerable<string> Pieces(string word)
    {
        // An option begins as some keys do (--key-file), so that a long one counts only where it looks like nothing else.
        var isOption = word.StartsWith("--", StringComparison.Ordinal);
        var text = word.TrimStart('-');
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        var before = sign > 0 ? text[..sign] : text;
        if (!isOption || before.Length <= TypedName.MostCharacters || TypedName.LooksSecret(before))
            yield return before;
        for (; sign > 0; sign = text.IndexOf('=', sign + 1))
            yield return text[(sign + 1)..];
        if (!isOption)
            yield return text;
    }

    /// <summary>Has a key's form, or is long and no name that people make: those have signs or spaces between their words.</summary>
    private static bool MayBeSecret(string word) => word.Length > TypedName.MostCharacters
        ? TypedName.LooksSecret(word) || !word.AsSpan().ContainsAny(BetweenWords)
        : word.Length >= Shortest && TypedName.HasKeyForm(word) && IsMixed(word);

    /// <summary>Letters and digits take turns, as they do in no word: <c>key-prod-2026</c> is a name.</summary>
    private static bool IsMixed(string word)
    {
        const int several = 3;
        var changes = 0;
        for (var at = 1; at < word.Length; at++)
        {
            if ((char.IsAsciiDigit(word[at]) && char.IsAsciiLetter(word[at - 1])) || (char.IsAsciiLetter(word[at]) && char.IsAsciiDigit(word[at - 1])))
                changes++;
        }

        return changes >= several;
    }
}
