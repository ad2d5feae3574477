using System.Globalization;
using System.Text;

namespace Keypace.Domain.Hubs;

/// <summary>What a hub says that its refusal is about.</summary>
public enum RefusalSubject
{
    Unsaid,

    /// <summary>The query itself, which is larger than is ever taken.</summary>
    Query,

    /// <summary>The model that it asked for.</summary>
    Model,
}

/// <summary>Reads what a refusal is about from its body, in the words that hubs use.</summary>
public static class RefusalSubjects
{
    private const int MostBytes = 16 * 1024;

    /// <summary>Shorter names count only in quotes: they may be anything in a sentence.</summary>
    private const int ShortestBare = 3;

    /// <summary>OpenAI, Groq, Azure, Mistral, Anthropic. In lower case.</summary>
    private static readonly string[] TooLarge =
    [
        "request too large", "request body too large", "too large for ", "must be reduced", "reduce your message", "reduce the length", "reduce your prompt",
        "request_too_large", "tokens_limit_reached", "context_length_exceeded", "maximum context length",
    ];

    /// <param name="body">Its first 16 KiB are read.</param>
    /// <param name="model">The hub's own name for it; null when unknown.</param>
    public static RefusalSubject Of(ReadOnlySpan<byte> body, string? model)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, MostBytes)]);
        if (Array.Exists(TooLarge, words => text.Contains(words, StringComparison.OrdinalIgnoreCase)) || WantsMoreThanThereIs(text))
            return RefusalSubject.Query;

        return IsNamed(text, model) || text.Contains("PerModel", StringComparison.Ordinal) ? RefusalSubject.Model : RefusalSubject.Unsaid;
    }

    /// <summary>True when the text names the model, by its whole name or by what stands behind the last slash.</summary>
    public static bool IsNamed(string text, string? model)
    {
        ArgumentNullException.ThrowIfNull(text);
        return model is { Length: > 0 } && (Has(text, model) || (model.LastIndexOf('/') is >= 0 and var slash && Has(text, model[(slash + 1)..])));
    }

    private static bool Has(string text, string name)
    {
        for (var at = -1; name.Length > 0 && (at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            var before = at == 0 ? ' ' : text[at - 1];
            var after = at + name.Length == text.Length ? ' ' : text[at + name.Length];
            if (name.Length < ShortestBare ? IsQuote(before) && IsQuote(after) : !IsOfName(before) && !char.IsLetterOrDigit(after))
                return true;
        }

        return false;
    }

    private static bool IsQuote(char one) => one is '"' or '\'' or '`';

    private static bool IsOfName(char one) => char.IsLetterOrDigit(one) || one is '-' or '_' or '.';

    /// <summary>"Limit 30000, Requested 45000": one query wants more than the whole limit.</summary>
    private static bool WantsMoreThanThereIs(string text) =>
        After(text, "Limit ") is { } limit && After(text, "Requested ") is { } requested && requested > limit;

    private static long? After(string text, string word)
    {
        var at = text.IndexOf(word, StringComparison.Ordinal);
        if (at < 0)
            return null;

        var end = at += word.Length;
        while (end < text.Length && end - at < 15 && char.IsAsciiDigit(text[end]))
            end++;

        return long.TryParse(text.AsSpan(at, end - at), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
