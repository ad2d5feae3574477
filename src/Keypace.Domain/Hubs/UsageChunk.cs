using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>What the data of one event of a chat stream is, for <see cref="UsageChunkFilter"/>.</summary>
internal static class UsageChunk
{
    public enum Kind : byte
    {
        /// <summary>It goes on in the event's next line.</summary>
        Unfinished,

        /// <summary>Nothing but token counts: a usage object, and no choice, error or end.</summary>
        Extra,

        Other,
    }

    /// <summary>A line's part of an event's data.</summary>
    /// <param name="DataAt">Where it begins in the data.</param>
    /// <param name="HeldAt">Where it begins among the bytes of the stream.</param>
    public readonly record struct Part(int DataAt, int HeldAt, int Length);

    /// <param name="nothing">Where in the data <c>"usage": null</c> stands, with the comma that belongs to it; empty when it does not.</param>
    public static Kind Read(ReadOnlySpan<byte> data, out Range nothing)
    {
        nothing = 0..0;
        try
        {
            var reader = new Utf8JsonReader(data, isFinalBlock: false, default);
            if (!reader.Read())
                return Kind.Unfinished;
            if (reader.TokenType is not JsonTokenType.StartObject)
                return Kind.Other;
            var (hasUsage, hasMore, isNothing) = (false, false, false);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndObject)
                {
                    if (!isNothing)
                        nothing = 0..0;
                    return hasUsage && !hasMore ? Kind.Extra : Kind.Other;
                }

                var (isChoices, isUsage, isError) = (reader.ValueTextEquals("choices"u8), reader.ValueTextEquals("usage"u8), reader.ValueTextEquals("error"u8));
                var at = (int)reader.TokenStartIndex;
                if (!reader.Read())
                    break;
                var value = reader.TokenType;
                if (isUsage)
                {
                    (hasUsage, isNothing) = (value is JsonTokenType.StartObject, value is JsonTokenType.Null);
                    nothing = WithComma(data, at, (int)reader.BytesConsumed);
                }

                hasMore |= isError && value is not JsonTokenType.Null;
                if (isChoices && value is not JsonTokenType.Null)
                    hasMore |= value is not JsonTokenType.StartArray || HasElements(reader);
                if (!reader.TrySkip())
                    break;
            }

            return Kind.Unfinished;
        }
        catch (JsonException)
        {
            return Kind.Other;
        }
    }

    /// <param name="reader">Stands at the beginning of a list; a copy, so that it stays there.</param>
    private static bool HasElements(Utf8JsonReader reader) => reader.Read() && reader.TokenType is not JsonTokenType.EndArray;

    private static Range WithComma(ReadOnlySpan<byte> json, int from, int to)
    {
        var before = json[..from].LastIndexOfAnyExcept(" \t\r\n"u8);
        if (before >= 0 && json[before] == (byte)',')
            return before..to;
        var next = json[to..].IndexOfAnyExcept(" \t\r\n"u8);
        return from..(next >= 0 && json[to + next] == (byte)',' ? to + next + 1 : to);
    }
}
