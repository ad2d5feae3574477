using System.Globalization;
using Keypace.Domain.Access;

namespace Keypace.Domain.Keys;

/// <summary>
/// A name that somebody typed and that is nobody's: it may be a secret in the wrong place. It is said back, in answers, logs, records and on the command line, only where
/// it is short and has no hub's key form.
/// </summary>
public static class TypedName
{
    /// <summary>Longer ones are not said back, in characters.</summary>
    public const int MostCharacters = 20;

    /// <summary>What keys, tokens and credentials of hubs begin with, in lower case.</summary>
    private static readonly string[] KeyBeginnings =
    [
        "sk-", "sk_", "rk-", "pk-", "pk_", "sess-", "gsk_", "xai-", "csk-", "hf_", "api_org_", "nvapi-", "aiza", "aq.", "ya29.", "1//", "gocspx-", "akia", "asia", "absk",
        "bedrock-api-key", "pplx-", "fw_", "fw-", "fpk_", "tgp_", "r8_", "dop_", "doo_", "dor_", "sk.", "key-", "eyj", "bearer ", "basic ", "ghp_", "gho_", "ghs_",
        "github_pat_", "glpat-", "xox", "-----begin",
    ];

    /// <summary>The name in quotes, or words that stand in for it: <c>'lab'</c>, <c>"of that name (…)"</c>.</summary>
    public static string Said(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        return MayBeSaid(typed) ? $"'{typed}'" : "of that name (not repeated here, for it is long or looks like a secret)";
    }

    public static bool MayBeSaid(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        return typed.Length <= MostCharacters && !HasKeyForm(typed) && !typed.Any(IsUnseen);
    }

    /// <summary>True for what begins as some hub's keys do, or has a token of ours in it.</summary>
    public static bool HasKeyForm(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var named = text.AsSpan().Trim().Trim("\"'");
        foreach (var beginning in KeyBeginnings)
        {
            if (named.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return named is ['k' or 'K', 'p' or 'P', _, '_', ..] || AccessTokenText.StandsIn(text);
    }

    /// <summary>
    /// True also for what begins as nobody's keys do, but is one in all likelihood: it has no spaces, and a piece of 24 or more letters and digits with at least three
    /// changes between the two. People join words with signs, and dates are short: <c>eval-run-2026-11-30-claude-sonnet</c> has none.
    /// </summary>
    public static bool LooksSecret(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const int Long = 24;
        const int MostChanges = 3;
        if (HasKeyForm(text) || (text.Contains(' ', StringComparison.Ordinal) && text.Split(' ').Any(HasKeyForm)))
            return true;
        var (run, changes) = (0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsAsciiLetterOrDigit(text[at]) && text[at] is not ('+' or '/'))
            {
                (run, changes) = (0, 0);
                continue;
            }

            run++;
            if (run > 1 && char.IsAsciiDigit(text[at]) != char.IsAsciiDigit(text[at - 1]))
                changes++;
            if (run >= Long && changes >= MostChanges)
                return true;
        }

        return false;
    }

    private static bool IsUnseen(char character) =>
        char.IsControl(character) || char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;
}
