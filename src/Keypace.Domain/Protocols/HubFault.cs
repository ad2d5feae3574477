using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Protocols;

/// <summary>An error from a hub, in OpenAI's terms.</summary>
/// <param name="Status">The HTTP status that fits, 400 to 599.</param>
/// <param name="Type">OpenAI's word: <c>invalid_request_error</c>, <c>rate_limit_error</c>, <c>api_error</c>, …</param>
/// <param name="Code">The hub's own word for it, or ours where <paramref name="IsHubsOwn"/> is false.</param>
/// <param name="Words">The hub's words, or ours; control characters are gone, and it is short.</param>
/// <param name="IsHubsOwn">False when the hub did not say this, but what it sent cannot be read.</param>
public sealed record HubFault(int Status, string Type, string Code, string Words, bool IsHubsOwn = true)
{
    /// <summary>Longest words that are passed on, in characters.</summary>
    public const int MostWords = 1_000;

    /// <summary>True when waiting does not help, although the status sounds like it.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>What came is not what the hub documents.</summary>
    public static HubFault Unreadable(string why) => new(502, "api_error", "hub_answer_unreadable", why, IsHubsOwn: false);

    /// <summary>The answer ended before its end.</summary>
    public static HubFault BrokenOff() => new(502, "api_error", "hub_broke_off", "The answer ended before it was whole.", IsHubsOwn: false);

    /// <summary>The answer stopped coming.</summary>
    public static HubFault FellSilent() => new(504, "api_error", "hub_timed_out", "It fell silent in the middle of its answer.", IsHubsOwn: false);

    /// <summary>OpenAI's word for a status.</summary>
    public static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    /// <summary>Text from outside as one line of at most <see cref="MostWords"/> characters.</summary>
    public static string Cleaned(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new StringBuilder(Math.Min(text.Length, MostWords));
        foreach (var rune in text.EnumerateRunes())
        {
            if (words.Length >= MostWords)
                return words.Append('…').ToString();
            if (!Rune.IsControl(rune))
                words.Append(rune.ToString());
            else if (words.Length > 0 && words[^1] != ' ')
                words.Append(' ');
        }

        return words.ToString().Trim();
    }

    /// <summary>What an unreadable body looks like, for people: a page, nothing, or its beginning.</summary>
    public static string Describe(ReadOnlySpan<byte> body)
    {
        var start = body.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty)
            return "an empty body";
        if (start[0] == (byte)'<')
            return "a web page";
        return $"\"{Cleaned(Encoding.UTF8.GetString(start[..Math.Min(start.Length, 120)]))}\"";
    }

    /// <summary>As an event in the middle of a stream, in the form that the route's SDKs throw on.</summary>
    /// <param name="message">The sentence for the caller.</param>
    public void WriteEvent(IBufferWriter<byte> output, string message, StreamErrorForm form = StreamErrorForm.Chat)
    {
        ArgumentNullException.ThrowIfNull(output);
        output.Write(form is StreamErrorForm.Chat ? "data: "u8 : "event: error\ndata: "u8);
        using (var writer = new Utf8JsonWriter(output, Neutral.ChatJson.Plain))
        {
            writer.WriteStartObject();
            if (form is not StreamErrorForm.Chat)
                writer.WriteString("type", "error");
            if (form is not StreamErrorForm.Responses)
                writer.WriteStartObject("error");
            writer.WriteString("message", message);
            if (form is not StreamErrorForm.Responses)
                writer.WriteString("type", Type);
            writer.WriteString("code", Code);
            writer.WriteNull("param");
            if (form is not StreamErrorForm.Responses)
                writer.WriteEndObject();
            writer.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }
}

/// <summary>How a route's streams say that something went wrong.</summary>
public enum StreamErrorForm
{
    /// <summary>OpenAI's chat and completions: <c>data: {"error": {…}}</c>.</summary>
    Chat,

    /// <summary>Anthropic's messages: <c>event: error</c> with <c>{"type": "error", "error": {…}}</c>.</summary>
    Messages,

    /// <summary>OpenAI's responses: <c>event: error</c> with <c>{"type": "error", "message": …}</c>.</summary>
    Responses,
}
