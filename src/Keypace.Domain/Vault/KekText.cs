using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Keypace.Domain.Vault;

/// <summary>
/// The one written form of a key-encryption key: <c>keypace-kek-1:&lt;id&gt;:&lt;43 base64url&gt;:&lt;crc32, 8 hex&gt;</c>, the checksum
/// over everything before its colon. One line feed may follow, because editors and <c>echo</c> leave one; nothing else is forgiven or
/// guessed.
/// </summary>
public static class KekText
{
    /// <summary>Bytes of the line without its line feed.</summary>
    public const int Bytes = 79;

    private const int KeyCharacters = 43;
    private const int ChecksumCharacters = 8;
    private const int IdAt = 14;
    private const int KeyAt = IdAt + KeyEncryptionKey.IdCharacters + 1;
    private const int ChecksumAt = KeyAt + KeyCharacters + 1;

    // Small hex only: one key has one written form.
    private static readonly SearchValues<byte> _hexDigits = SearchValues.Create("0123456789abcdef"u8);

    private static ReadOnlySpan<byte> Start => "keypace-kek-1:"u8;

    /// <summary>Refuses with <c>kek_malformed</c>.</summary>
    /// <param name="place">Where the text came from, for the sentence: <c>the file /etc/keypace.kek</c>.</param>
    public static Outcome<KeyEncryptionKey> Parse(ReadOnlySpan<byte> text, string place)
    {
        var line = text.Length == Bytes + 1 && text[^1] == (byte)'\n' ? text[..Bytes] : text;
        if (!HasForm(line))
        {
            return Malformed(
                $"What {place} holds is not a key-encryption key. It should be one line of {Bytes} characters: keypace-kek-1:<id>:<key>:<checksum>.");
        }

        if (!uint.TryParse(line[ChecksumAt..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var checksum)
            || checksum != Crc32.Of(line[..(ChecksumAt - 1)]))
        {
            return Malformed($"The key-encryption key in {place} has a wrong checksum: a character was changed. Restore it from your copy.");
        }

        Span<byte> key = stackalloc byte[KeyEncryptionKey.KeyBytes];
        try
        {
            return TryDecodeKey(line[KeyAt..(ChecksumAt - 1)], key)
                ? new KeyEncryptionKey(Encoding.ASCII.GetString(line[IdAt..(KeyAt - 1)]), key)
                : Malformed($"The key part of what {place} holds is not base64url of 32 bytes. Restore it from your copy.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The line with its line feed, to be written to its file and nowhere else.</summary>
    /// <param name="destination"><see cref="Bytes"/> + 1 bytes; the caller overwrites them after use.</param>
    public static void Write(KeyEncryptionKey key, Span<byte> destination)
    {
        Start.CopyTo(destination);
        Encoding.ASCII.GetBytes(key.Id, destination[IdAt..]);
        destination[KeyAt - 1] = (byte)':';
        using (var lease = key.Key.Use())
            Base64Url.EncodeToUtf8(lease.Bytes, destination[KeyAt..]);
        destination[ChecksumAt - 1] = (byte)':';
        Crc32.Of(destination[..(ChecksumAt - 1)]).TryFormat(destination[ChecksumAt..], out _, "x8", CultureInfo.InvariantCulture);
        destination[Bytes] = (byte)'\n';
    }

    private static bool HasForm(ReadOnlySpan<byte> line)
    {
        if (line.Length != Bytes || !line.StartsWith(Start) || line[KeyAt - 1] != ':' || line[ChecksumAt - 1] != ':')
            return false;
        foreach (var one in line[IdAt..(KeyAt - 1)])
        {
            if (!Base62.IsDigit(one))
                return false;
        }

        return !line.Slice(ChecksumAt, ChecksumCharacters).ContainsAnyExcept(_hexDigits);
    }

    // The decoder itself refuses a last character with spare bits set; white space, which it skips, leaves too few bytes.
    private static bool TryDecodeKey(ReadOnlySpan<byte> text, Span<byte> key) =>
        Base64Url.DecodeFromUtf8(text, key, out _, out var bytes) == OperationStatus.Done && bytes == key.Length;

    private static Refusal Malformed(string detail) => new(RefusalReason.Unavailable, "kek_malformed", detail);
}
