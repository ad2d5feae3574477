using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Protocols;

namespace Keypace.Server.Gateway.Requests;

/// <summary>The changes that a query's body may get: its model, and an agent's system prompt.</summary>
internal static class BodyEdits
{
    // The hub reads JSON, not HTML: text stays readable and as short as it was.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="model">The hub's own name; null leaves the caller's, empty takes the member out.</param>
    /// <param name="prompt">The agent's system prompt; null or empty for none.</param>
    public static void Apply(RequestBody body, BodyScan scan, string? model, string? prompt, SystemPromptPlace promptPlace)
    {
        if (model is { Length: > 0 } && scan.Model != model)
            SetModel(body, scan, model);
        else if (model is { Length: 0 } && scan.ModelMember.Exists)
            RemoveMember(body, scan.ModelMember);

        if (prompt is { Length: > 0 })
            AddPrompt(body, scan, prompt, promptPlace);
    }

    /// <summary>
    /// Asks the hub to count tokens in the stream. False when the caller asks for that himself, or wrote options that are none: then nothing is changed.
    /// </summary>
    public static bool AskForUsage(RequestBody body, BodyScan scan)
    {
        if (scan.AsksForUsage)
            return false;
        if (!scan.StreamOptions.Exists)
            AddMember(body, scan, "stream_options", "{\"include_usage\":true}"u8.ToArray());
        else if (scan.IncludeUsage.Exists)
            body.Replace(scan.IncludeUsage.At, scan.IncludeUsage.Length, "true"u8.ToArray());
        else if (scan.StreamOptionsStart >= 0)
            body.Replace(scan.StreamOptionsStart, 0, scan.StreamOptionsEmpty ? "\"include_usage\":true"u8.ToArray() : "\"include_usage\":true,"u8.ToArray());
        else if (body.Original.Span.Slice(scan.StreamOptions.At, scan.StreamOptions.Length).SequenceEqual("null"u8))
            body.Replace(scan.StreamOptions.At, scan.StreamOptions.Length, "{\"include_usage\":true}"u8.ToArray());
        else
            return false;
        return true;
    }

    /// <summary>True for a refusal in which the hub names the option that <see cref="AskForUsage"/> adds.</summary>
    public static bool IsAboutUsageOption(ReadOnlySpan<byte> answer) => answer.IndexOf("stream_options"u8) >= 0 || answer.IndexOf("include_usage"u8) >= 0;

    /// <summary>Why an agent's prompt has no place in this body: without it the query would not be the agent's. Null when it has one.</summary>
    public static Refusal? WhyNoPlace(in BodyScan scan, ReadOnlySpan<byte> body, string? prompt, SystemPromptPlace place)
    {
        if (prompt is not { Length: > 0 })
            return null;
        var (member, isThere) = place switch
        {
            SystemPromptPlace.FirstMessage => ("messages", scan.MessagesStart >= 0),
            SystemPromptPlace.System => ("system", !scan.HasSystem || body[scan.System.At] is (byte)'"' or (byte)'['),
            SystemPromptPlace.Instructions => ("instructions", scan.Instructions.Exists || !scan.HasInstructions),
            SystemPromptPlace.BeforePrompt => ("prompt", scan.Prompt.Exists),
            _ => ("", true),
        };
        return isThere ? null : Refusal.Field(
            member, $"The agent has a system prompt, and the body has no \"{member}\" that it could go into. Send {(member == "messages" ? "a list of messages" : "a text")}.", "missing", "no_place_for_prompt")
            with { Reason = RefusalReason.Malformed };
    }

    private static void SetModel(RequestBody body, BodyScan scan, string model)
    {
        if (scan.ModelValue.Exists)
            body.Replace(scan.ModelValue.At, scan.ModelValue.Length, Json(model));
        else
            AddMember(body, scan, "model", Json(model));
    }

    private static void AddPrompt(RequestBody body, BodyScan scan, string prompt, SystemPromptPlace place)
    {
        switch (place)
        {
            case SystemPromptPlace.FirstMessage when scan.MessagesStart >= 0:
                var message = Join("{\"role\":\"system\",\"content\":"u8, Json(prompt).Span, scan.MessagesEmpty ? "}"u8 : "},"u8);
                body.Replace(scan.MessagesStart, 0, message);
                break;
            case SystemPromptPlace.System when !scan.System.Exists:
                AddMember(body, scan, "system", Json(prompt));
                break;
            case SystemPromptPlace.System:
                body.Replace(scan.System.At, scan.System.Length, InFrontOfSystem(body, scan, prompt));
                break;
            case SystemPromptPlace.Instructions when scan.Instructions.Exists:
                body.Replace(scan.Instructions.At, scan.Instructions.Length, InFront(body, scan.Instructions, prompt));
                break;
            case SystemPromptPlace.Instructions:
                AddMember(body, scan, "instructions", Json(prompt));
                break;
            case SystemPromptPlace.BeforePrompt when scan.Prompt.Exists:
                body.Replace(scan.Prompt.At, scan.Prompt.Length, InFront(body, scan.Prompt, prompt));
                break;
        }
    }

    private static ReadOnlyMemory<byte> InFrontOfSystem(RequestBody body, in BodyScan scan, string prompt)
    {
        var own = body.Original.Span.Slice(scan.System.At, scan.System.Length);
        if (!scan.HasSystem)
            return Json(prompt);
        if (own[0] != (byte)'[')
            return InFront(body, scan.System, prompt);
        var rest = own[1..].TrimStart(" \t\r\n"u8);
        return Join("[{\"type\":\"text\",\"text\":"u8, Json(prompt).Span, rest.StartsWith("]"u8) ? "}"u8 : "},"u8, rest);
    }

    private static ReadOnlyMemory<byte> InFront(RequestBody body, BodyScan.Span text, string prompt)
    {
        // Half of a character cannot be read; the rest of the text goes on.
        var reader = new Utf8JsonReader(WellFormedJson.Of(body.Original.Slice(text.At, text.Length)).Span);
        reader.Read();
        return Json(reader.GetString() is { } own ? prompt + "\n\n" + own : prompt);
    }

    private static void AddMember(RequestBody body, BodyScan scan, string name, ReadOnlyMemory<byte> value) =>
        body.Replace(scan.ObjectStart + 1, 0, Join(Json(name).Span, ":"u8, value.Span, scan.ObjectEmpty ? ""u8 : ","u8));

    /// <summary>Takes a member out together with the one comma that belongs to it.</summary>
    private static void RemoveMember(RequestBody body, BodyScan.Span member)
    {
        var json = body.Original.Span;
        var (from, to) = (member.At, member.At + member.Length);
        var next = to + json[to..].IndexOfAnyExcept(" \t\r\n"u8);
        if (json[next] == (byte)',')
        {
            to = next + 1;
        }
        else
        {
            var before = json[..from].LastIndexOfAnyExcept(" \t\r\n"u8);
            if (json[before] == (byte)',')
                from = before;
        }

        body.Replace(from, to - from, default);
    }

    private static ReadOnlyMemory<byte> Json(string text)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Length + 16);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
            writer.WriteStringValue(text);
        return buffer.WrittenMemory;
    }

    private static byte[] Join(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d = default)
    {
        var joined = new byte[a.Length + b.Length + c.Length + d.Length];
        a.CopyTo(joined);
        b.CopyTo(joined.AsSpan(a.Length));
        c.CopyTo(joined.AsSpan(a.Length + b.Length));
        d.CopyTo(joined.AsSpan(a.Length + b.Length + c.Length));
        return joined;
    }
}
