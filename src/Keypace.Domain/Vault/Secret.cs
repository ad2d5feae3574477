using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Keypace.Domain.Vault;

/// <summary>
/// A credential in the clear, on its short way in or out. It prints as <c>***</c>, two of them cannot be compared, and JSON refuses it. The
/// bytes are pinned, so the collector leaves no copies; dispose it to overwrite them.
/// </summary>
[DebuggerDisplay("***")]
[JsonConverter(typeof(NeverInJson))]
public sealed class Secret : IDisposable
{
    // A replacement character would make two different secrets one, so text that is not Unicode throws.
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly byte[] _bytes;
    private bool _disposed;

    private Secret(int bytes) => _bytes = GC.AllocateArray<byte>(bytes, pinned: true);

    /// <summary>Length in UTF-8 bytes.</summary>
    public int ByteCount => _bytes.Length;

    internal ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <exception cref="EncoderFallbackException">The text holds half of a surrogate pair.</exception>
    public static Secret FromText(ReadOnlySpan<char> text)
    {
        var secret = new Secret(_strictUtf8.GetByteCount(text));
        _strictUtf8.GetBytes(text, secret._bytes);
        return secret;
    }

    /// <summary>Copies the bytes; the caller's own copy stays the caller's to overwrite.</summary>
    public static Secret FromBytes(ReadOnlySpan<byte> bytes)
    {
        var secret = new Secret(bytes.Length);
        bytes.CopyTo(secret._bytes);
        return secret;
    }

    /// <summary>The credential as text. The string cannot be overwritten: ask late, keep it nowhere.</summary>
    public string Reveal() => _strictUtf8.GetString(Bytes);

    /// <param name="destination">At least <see cref="ByteCount"/> bytes.</param>
    public void RevealTo(Span<byte> destination) => Bytes.CopyTo(destination);

    public override string ToString() => "***";

    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }

    private sealed class NeverInJson : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("A secret does not travel as JSON.");

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            throw new NotSupportedException("A secret does not travel as JSON.");
    }
}
