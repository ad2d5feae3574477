using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>Streams as hubs write them, from a case's events. The checksums here are computed bit by bit, so that the reader's table is not its own judge.</summary>
internal static class NativeStreams
{
    public static byte[] Anthropic(IEnumerable<JsonElement> events) => Encoding.UTF8.GetBytes(string.Concat(
        events.Select(each => $"event: {each.GetProperty("type").GetString()}\ndata: {each.GetRawText()}\n\n")));

    /// <summary>Each event is an object with one member; <c>exception</c> and <c>error</c> are messages of those kinds.</summary>
    public static byte[] Aws(IEnumerable<JsonElement> events)
    {
        using var stream = new MemoryStream();
        foreach (var each in events)
        {
            if (each.TryGetProperty("exception", out var exception))
            {
                stream.Write(Message([(":message-type", "exception"), (":exception-type", exception.GetString()!), (":content-type", "application/json")], Encoding.UTF8.GetBytes(each.GetProperty("payload").GetRawText())));
            }
            else if (each.TryGetProperty("error", out var error))
            {
                stream.Write(Message([(":message-type", "error"), (":error-code", error.GetString()!), (":error-message", each.GetProperty("words").GetString()!)], []));
            }
            else
            {
                foreach (var member in each.EnumerateObject())
                    stream.Write(Message([(":event-type", member.Name), (":content-type", "application/json"), (":message-type", "event")], Encoding.UTF8.GetBytes(member.Value.GetRawText())));
            }
        }

        return stream.ToArray();
    }

    public static byte[] Message(IEnumerable<(string Name, string Value)> headers, ReadOnlySpan<byte> payload)
    {
        using var bytes = new MemoryStream();
        foreach (var (name, value) in headers)
        {
            bytes.WriteByte((byte)name.Length);
            bytes.Write(Encoding.UTF8.GetBytes(name));
            bytes.WriteByte(7);
            var text = Encoding.UTF8.GetBytes(value);
            bytes.Write([(byte)(text.Length >> 8), (byte)text.Length]);
            bytes.Write(text);
        }

        return Message(bytes.ToArray(), payload);
    }

    public static byte[] Message(byte[] headers, ReadOnlySpan<byte> payload)
    {
        var message = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), Checksum(message.AsSpan(0, 8)));
        headers.CopyTo(message, 12);
        payload.CopyTo(message.AsSpan(12 + headers.Length));
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(message.Length - 4), Checksum(message.AsSpan(0, message.Length - 4)));
        return message;
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
