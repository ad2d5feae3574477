using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Keypace.Domain.Vault;

/// <summary>
/// The canonical form of everything that is authenticated: each field as its length (4 bytes, big endian) and its bytes. With lengths no
/// field can lend bytes to its neighbour, as it could with a separator.
/// </summary>
internal sealed class FieldWriter
{
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public FieldWriter Text(string text) => Bytes(_strictUtf8.GetBytes(text));

    /// <summary>Sixteen bytes in the order in which an id is printed; no bytes for null.</summary>
    public FieldWriter Id(Guid? id)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (id is not { } value)
            return Bytes([]);
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bytes(bytes);
    }

    public FieldWriter Number(uint number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return Bytes(bytes);
    }

    public FieldWriter Number(ulong number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return Bytes(bytes);
    }

    public FieldWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        Length(bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Only the length of a last field whose bytes follow elsewhere: a secret goes into the MAC without a copy here.</summary>
    public FieldWriter Length(int bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)bytes);
        _bytes.Write(length);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
