using System.Text;

namespace Keypace.Domain.Vault;

/// <summary>What listings show of a secret. Made once, when the secret is written, so that showing it opens nothing.</summary>
public static class MaskedSecret
{
    /// <summary>From this length on, in characters, the last four are no help to someone who guesses.</summary>
    public const int LeastCharactersToShowEnd = 20;

    private const string Stars = "****";
    private const int ShownCharacters = 4;

    /// <summary><c>****</c> and the last four characters, or only <c>****</c> where the secret has fewer than 20.</summary>
    public static string Of(string secret)
    {
        // Runes, not chars: half a surrogate pair would be an invalid string.
        var runes = secret.EnumerateRunes().ToArray();
        if (runes.Length < LeastCharactersToShowEnd)
            return Stars;

        var end = runes[^ShownCharacters..];
        return end.Any(Rune.IsControl) ? Stars : Stars + string.Concat(end);
    }
}
