using System.Globalization;
using System.Text;

namespace Keypace.Domain.Keys;

/// <summary>The name of a key, agent, token or team: what is shown, and what it is compared by.</summary>
public sealed record EntityName
{
    /// <summary>In characters (Unicode scalar values), after trimming.</summary>
    public const int MostCharacters = 128;

    private EntityName(string text) => (Text, Key) = (text, text.Normalize(NormalizationForm.FormC).ToUpperInvariant());

    /// <summary>As it was given, without white space at the ends.</summary>
    public string Text { get; }

    /// <summary>NFC, then upper-case by the invariant culture: equal for names that a person would call the same. Unique in a team.</summary>
    public string Key { get; }

    /// <summary>
    /// Refused: nothing, more than 128 characters, control characters, characters that steer the text's direction or cannot be seen
    /// (a name must not look like another one), and halves of surrogate pairs.
    /// </summary>
    /// <param name="field">The request's field that a refusal names.</param>
    public static Outcome<EntityName> Parse(string? text, string field = "name")
    {
        var trimmed = text?.Trim() ?? "";
        if (trimmed.Length == 0)
            return Refuse(field, "A name is needed: 1 to 128 characters.");

        var characters = 0;
        for (var index = 0; index < trimmed.Length; characters++)
        {
            if (Rune.DecodeFromUtf16(trimmed.AsSpan(index), out var rune, out var length) != System.Buffers.OperationStatus.Done)
                return Refuse(field, "The name holds half of a surrogate pair. Type it again.");
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                return Refuse(field, "The name holds a control character or line break. Take it out.");
            if (IsUnseen(rune))
                return Refuse(field, $"The name holds U+{rune.Value:X4}, which cannot be seen. Take it out, so that no two names look the same.");
            index += length;
        }

        return characters > MostCharacters
            ? Refuse(field, $"The name has {characters} characters. At most {MostCharacters} are allowed.")
            : new EntityName(trimmed);
    }

    /// <summary>The comparison key of any text, for looking up what a caller wrote. Text that no name can be has a key that no name has.</summary>
    public static string KeyOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Ascii.IsValid(text))
            return text.Trim().ToUpperInvariant();   // NFC leaves ASCII alone
        return Parse(text).TryGet(out var name, out _) ? name.Key : "";
    }

    public override string ToString() => Text;

    private static bool IsUnseen(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format
        || rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x034F   // letters and marks that are drawn as nothing
        || (rune.Value & 0xFFFE) == 0xFFFE || rune.Value is >= 0xFDD0 and <= 0xFDEF;   // noncharacters

    private static Refusal Refuse(string field, string message) => Refusal.Field(field, message, "name", "bad_name");
}
