using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain.Vault;

namespace Keypace.Domain.Access;

/// <summary>What a token is for: the third letter of its text. A token of one kind is never taken for another.</summary>
public enum TokenKind
{
    /// <summary><c>kpa_</c>: what a caller of Keypace presents.</summary>
    Access,

    /// <summary><c>kpu_</c>: a person's command line.</summary>
    User,

    /// <summary><c>kpb_</c>: sets a new installation up, once.</summary>
    Setup,

    /// <summary><c>kpi_</c>: an invitation to a team.</summary>
    Invitation,

    /// <summary><c>kpr_</c>: resets a password.</summary>
    Reset,

    /// <summary><c>kps_</c>: a browser's session.</summary>
    Session,
}

/// <summary>
/// The written form of every token: <c>kp</c>, a letter for the kind, <c>_</c>, an id of 12, <c>_</c>, a secret of 43 (256 random bits), a
/// checksum of 6, all in base62. The checksum tells a typing error from a wrong token without asking the store; it proves nothing.
/// </summary>
public static class AccessTokenText
{
    /// <summary>Every token has exactly this many characters, all ASCII.</summary>
    public const int Characters = 66;

    /// <summary>Finds tokens in text: for leak scanners, and for our own tests that look for them where none may be.</summary>
    public const string ScannerPattern = @"\bkp[abirsu]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b";

    private const int RandomSecretBytes = 32;
    private const int IdAt = 4;
    private const int SecretAt = IdAt + TokenId.Characters + 1;
    private const int ChecksumAt = 60;

    // In the order of TokenKind.
    private static ReadOnlySpan<byte> KindLetters => "aubirs"u8;

    public static NewToken Create(TokenKind kind, RandomBytes random)
    {
        Span<byte> text = stackalloc byte[Characters];
        Span<byte> secret = stackalloc byte[RandomSecretBytes];
        "kp"u8.CopyTo(text);
        text[2] = KindLetters[(int)kind];
        text[3] = text[SecretAt - 1] = (byte)'_';
        var id = text.Slice(IdAt, TokenId.Characters);
        Base62.FillRandom(id, random);
        random(secret);
        Base62.Encode(secret, text[SecretAt..ChecksumAt]);
        WriteChecksum(text[..ChecksumAt], text[ChecksumAt..]);
        try
        {
            return new NewToken(kind, new TokenId(id), Encoding.ASCII.GetString(text));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>
    /// True for a well-formed token with a right checksum; whether it is anyone's token, only its digest tells. Allocates nothing.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TokenKind kind, out TokenId id)
    {
        Span<byte> ascii = stackalloc byte[Characters];
        kind = default;
        id = default;
        if (text.Length != Characters || Ascii.FromUtf16(text, ascii, out _) != System.Buffers.OperationStatus.Done)
            return false;
        var parsed = TryParse(ascii, out kind, out id);
        CryptographicOperations.ZeroMemory(ascii);
        return parsed;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out TokenKind, out TokenId)"/>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out TokenKind kind, out TokenId id)
    {
        kind = default;
        id = default;
        if (utf8.Length != Characters || !utf8.StartsWith("kp"u8) || utf8[3] != '_' || utf8[SecretAt - 1] != '_')
            return false;
        var letter = KindLetters.IndexOf(utf8[2]);
        Span<byte> checksum = stackalloc byte[Characters - ChecksumAt];
        WriteChecksum(utf8[..ChecksumAt], checksum);
        // A secret of other characters than base62 may pass with a checksum made for it: it still is nobody's token.
        if (letter < 0
            || !checksum.SequenceEqual(utf8[ChecksumAt..])
            || !IsBase62(utf8[SecretAt..ChecksumAt])
            || !TokenId.TryParse(utf8.Slice(IdAt, TokenId.Characters), out id))
        {
            return false;
        }

        kind = (TokenKind)letter;
        return true;
    }

    /// <summary>Of a secret's characters that make a piece of text one of ours to be kept in, whether it is whole or not.</summary>
    private const int TellingCharacters = 16;

    private const int LongPiece = 32;

    /// <summary>
    /// True when something in the text has the form of a token of ours, of any kind, known or not, whole or cut short, percent-encoded or not:
    /// what may not go to a hub, wherever a caller put it.
    /// </summary>
    public static bool StandsIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < SecretAt + TellingCharacters)
            return false;
        for (var layer = 0; ; layer++)
        {
            if (StandsPlainlyIn(text))
                return true;
            if (layer == 3 || !text.Contains('%', StringComparison.Ordinal))
                return false;
            text = Uri.UnescapeDataString(text);
        }
    }

    private static bool StandsPlainlyIn(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOf("kp", StringComparison.Ordinal); at >= 0 && text.Length - at >= SecretAt + TellingCharacters;)
        {
            var one = text[at..];
            if (one[3] == '_' && char.IsAsciiLetterLower(one[2]) && (HasParts(one) || IsOneLongPiece(one[IdAt..])))
                return true;

            var next = one[2..].IndexOf("kp", StringComparison.Ordinal);
            at = next < 0 ? -1 : at + 2 + next;
        }

        return false;
    }

    private static bool HasParts(ReadOnlySpan<char> one) => one[SecretAt - 1] == '_'
        && !one[IdAt..(SecretAt - 1)].ContainsAnyExcept(Base62Characters) && !one.Slice(SecretAt, TellingCharacters).ContainsAnyExcept(Base62Characters);

    /// <summary>As somebody would write who knows only how our tokens begin; no word and no date is so long.</summary>
    private static bool IsOneLongPiece(ReadOnlySpan<char> rest) => rest.Length >= LongPiece && !rest[..LongPiece].ContainsAnyExcept(Base62Characters);

    private static readonly System.Buffers.SearchValues<char> Base62Characters =
        System.Buffers.SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static bool IsBase62(ReadOnlySpan<byte> text)
    {
        foreach (var one in text)
        {
            if (!Base62.IsDigit(one))
                return false;
        }

        return true;
    }

    private static void WriteChecksum(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        Span<byte> crc = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.Of(text));
        Base62.Encode(crc, digits);
    }
}

/// <summary>A token that was just made. Its text is shown once and stored nowhere; the store keeps the id and a digest.</summary>
public sealed class NewToken
{
    private readonly string _text;

    internal NewToken(TokenKind kind, TokenId id, string text)
    {
        Kind = kind;
        Id = id;
        _text = text;
    }

    public TokenKind Kind { get; }

    public TokenId Id { get; }

    /// <summary>The whole token, for the answer that made it.</summary>
    public string Reveal() => _text;

    public override string ToString() => $"{_text[..4]}{Id}_***";
}
