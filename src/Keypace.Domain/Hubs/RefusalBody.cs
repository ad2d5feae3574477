using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>What the body of a hub's refusal says: a code that waiting cannot cure, Google's RetryInfo, or "try again in 5.289s".</summary>
internal readonly record struct RefusalBody(string? TerminalCode, TimeSpan? RetryDelay, TimeSpan? TryAgainIn)
{
    private const int MostBytes = 16 * 1024;

    private static readonly JsonReaderOptions Lenient = new() { MaxDepth = 32, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static RefusalBody Read(ReadOnlySpan<byte> body, IReadOnlyList<string> terminalCodes)
    {
        if (body.Length > MostBytes)
            body = body[..MostBytes];
        string? terminal = null;
        TimeSpan? delay = null;
        if (body.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..])
            ReadJson(body, terminalCodes, ref terminal, ref delay);
        return new RefusalBody(terminal, delay, terminal is null ? ReadText(body) : null);
    }

    /// <summary>The body may be cut off anywhere: what was read until then counts.</summary>
    private static void ReadJson(ReadOnlySpan<byte> body, IReadOnlyList<string> terminalCodes, ref string? terminal, ref TimeSpan? delay)
    {
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(Lenient));
            var holdsCode = false;
            var holdsDelay = false;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        holdsCode = reader.ValueTextEquals("code"u8) || reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("error_code"u8)
                            || reader.ValueTextEquals("error_type"u8) || reader.ValueTextEquals("status"u8) || reader.ValueTextEquals("reason"u8);
                        holdsDelay = reader.ValueTextEquals("retryDelay"u8) || reader.ValueTextEquals("retry_delay"u8);
                        break;
                    case JsonTokenType.String when holdsCode && terminal is null:
                        foreach (var code in terminalCodes)
                        {
                            if (reader.ValueTextEquals(code))
                                terminal = code;
                        }

                        break;
                    case JsonTokenType.String when holdsDelay && reader.ValueSpan.Length is > 0 and < 40:
                        delay ??= WaitText.GoDuration(Encoding.UTF8.GetString(reader.ValueSpan));
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // Not JSON after all; what was understood before stands.
        }
        catch (InvalidOperationException)
        {
            // A text that is not UTF-8.
        }
    }

    /// <summary>"Please try again in 5.289s", "retry after 20 seconds", "Please retry in 1m3s".</summary>
    private static TimeSpan? ReadText(ReadOnlySpan<byte> body) =>
        After(body, "try again in "u8) ?? After(body, "retry after "u8) ?? After(body, "retry in "u8);

    /// <summary>In any case: "Try again in", "TRY AGAIN IN".</summary>
    private static int IndexOf(ReadOnlySpan<byte> body, ReadOnlySpan<byte> words)
    {
        for (var at = 0; at + words.Length <= body.Length; at++)
        {
            var next = body[at..^(words.Length - 1)].IndexOfAny(words[0], (byte)(words[0] ^ 0x20));
            if (next < 0)
                return -1;
            at += next;
            if (System.Text.Ascii.EqualsIgnoreCase(body.Slice(at, words.Length), words))
                return at;
        }

        return -1;
    }

    private static bool BeginsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> words) =>
        text.Length >= words.Length && System.Text.Ascii.EqualsIgnoreCase(text[..words.Length], words);

    private static TimeSpan? After(ReadOnlySpan<byte> body, ReadOnlySpan<byte> words)
    {
        var at = IndexOf(body, words);
        if (at < 0)
            return null;
        var rest = body[(at + words.Length)..];
        var length = 0;
        while (length < rest.Length && length < 24 && (char.IsAsciiLetterOrDigit((char)rest[length]) || rest[length] == '.'))
            length++;
        var text = Encoding.ASCII.GetString(rest[..length]).TrimEnd('.').ToLowerInvariant();
        if (WaitText.GoDuration(text) is { } duration)
            return duration;

        // A bare number with the unit as a word behind it.
        var unit = rest[length..];
        var isMilliseconds = BeginsWith(unit, " ms"u8) || BeginsWith(unit, " millisecond"u8);
        var isMinutes = BeginsWith(unit, " minute"u8);
        if (!isMilliseconds && !isMinutes && !BeginsWith(unit, " s"u8))
            return null;
        if (!double.TryParse(text, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var amount))
            return null;
        return WaitText.Seconds(isMilliseconds ? amount / 1000 : isMinutes ? amount * 60 : amount);
    }
}
