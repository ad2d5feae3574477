namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads the first event of a stream in the piece with which the stream begins, in every form that WHATWG allows.</summary>
internal static class FirstEvent
{
    /// <summary>True when these bytes begin a field or a comment of an event stream, as far as they came. No JSON begins so.</summary>
    /// <param name="start">Behind a byte order mark and empty lines.</param>
    public static bool Begins(ReadOnlySpan<byte> start) =>
        start.StartsWith(":"u8) || BeginsWith(start, "data:"u8) || BeginsWith(start, "event:"u8) || BeginsWith(start, "id:"u8) || BeginsWith(start, "retry:"u8);

    /// <summary>The event's data, its lines put together; empty where it has none yet, or where its last line has not ended.</summary>
    public static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> data = [];
        var hasData = false;
        while (true)
        {
            var end = start.IndexOfAny("\r\n"u8);
            if (end < 0)
                return hasData ? data : [];
            var line = start[..end];
            start = start[(start[end..].StartsWith("\r\n"u8) ? end + 2 : end + 1)..];
            if (line.IsEmpty && hasData)
                return data;
            if (!line.StartsWith("data:"u8))
                continue;
            var value = line["data:".Length..].TrimStart(" "u8);
            data = hasData ? (byte[])[.. data, (byte)'\n', .. value] : value;
            hasData = true;
        }
    }

    private static bool BeginsWith(ReadOnlySpan<byte> start, ReadOnlySpan<byte> field) => start.StartsWith(field) || field.StartsWith(start);
}
