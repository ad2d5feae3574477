using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>Gives a protocol what a case says a hub sends, and checks what comes out for the caller.</summary>
internal static class Answers
{
    /// <summary>The reader of a plain query's answers.</summary>
    public static NativeAnswers Of(IChatProtocol protocol, ChatSetting setting, bool stream, bool includeUsage = false)
    {
        var options = includeUsage ? ""","stream_options":{"include_usage":true}""" : "";
        var ask = $$"""{"model":"m","messages":[{"role":"user","content":"A"}],"stream":{{(stream ? "true" : "false")}}{{options}}}""";
        Assert.True(protocol.Ask(Encoding.UTF8.GetBytes(ask), setting).TryGet(out var chat, out _));
        return chat.Answers;
    }

    public static void CheckWhole(IChatProtocol protocol, ChatSetting setting, JsonElement each)
    {
        var answers = Of(protocol, setting, stream: false);
        var body = Encoding.UTF8.GetBytes(each.TryGetProperty("raw", out var raw) ? raw.GetString()! : each.GetProperty("native").GetRawText());
        if (each.TryGetProperty("status", out var status))
        {
            var headers = each.TryGetProperty("headers", out var given) ? given : default;
            CheckFault(each.GetProperty("fault"), answers.Fault(status.GetInt32(), name => headers.ValueKind is JsonValueKind.Object && headers.TryGetProperty(name, out var value) ? value.GetString() : null, body));
            return;
        }

        var isRead = answers.TryRead(body, out var completion, out var fault);
        if (each.TryGetProperty("answer", out var answer))
        {
            Assert.True(isRead, fault?.Words);
            ProtocolCases.AssertSame(answer, completion!);
        }
        else
        {
            Assert.False(isRead);
            CheckFault(each.GetProperty("fault"), fault!);
        }
    }

    /// <param name="model">What the chunks must name.</param>
    public static void CheckStream(NativeAnswers answers, string id, string model, JsonElement each, byte[] native)
    {
        var (output, fault) = Run(answers, native, [native.Length]);
        var events = output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..]).ToList();
        var wanted = each.GetProperty("chunks").EnumerateArray().ToList();
        Assert.True(wanted.Count == events.Count, $"expected {wanted.Count} chunks, got {events.Count}:\n{output}");
        for (var index = 0; index < events.Count; index++)
        {
            if (wanted[index].ValueKind is JsonValueKind.String)
                Assert.Equal(wanted[index].GetString(), events[index]);
            else
                CheckChunk(wanted[index], JsonNode.Parse(events[index])!.AsObject(), id, model, each.TryGetProperty("include_usage", out _));
        }

        if (each.TryGetProperty("fault", out var expected))
            CheckFault(expected, fault ?? throw new InvalidOperationException("The stream has no fault."));
        else
            Assert.Null(fault);
    }

    /// <summary>Feeds a stream in pieces of these lengths (the last one again and again), and closes it.</summary>
    public static (string Output, HubFault? Fault) Run(NativeAnswers answers, byte[] native, IReadOnlyList<int> lengths)
    {
        using var pieces = answers.Pieces();
        var output = new ArrayBufferWriter<byte>();
        for (int at = 0, turn = 0; at < native.Length && pieces.Fault is null; turn++)
        {
            var length = Math.Min(lengths[Math.Min(turn, lengths.Count - 1)], native.Length - at);
            pieces.Feed(native.AsSpan(at, length), output);
            at += length;
        }

        pieces.End(output);
        Assert.True(pieces.IsWhole == (pieces.Fault is null));
        return (Encoding.UTF8.GetString(output.WrittenSpan), pieces.Fault);
    }

    private static void CheckChunk(JsonElement wanted, JsonObject chunk, string id, string model, bool includeUsage)
    {
        Assert.Equal(("chat.completion.chunk", id, model, Questions.Created), ((string?)chunk["object"], (string?)chunk["id"], (string?)chunk["model"], (long)chunk["created"]!));
        if (wanted.TryGetProperty("usage", out var usage))
        {
            Assert.Empty(chunk["choices"]!.AsArray());
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(usage.GetRawText()), chunk["usage"]), chunk.ToJsonString());
            return;
        }

        Assert.Equal(includeUsage, chunk.ContainsKey("usage"));
        Assert.Null(chunk["usage"]);
        var choice = Assert.Single(chunk["choices"]!.AsArray())!.AsObject();
        Assert.Equal(0, (int)choice["index"]!);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(wanted.GetProperty("delta").GetRawText()), choice["delta"]), chunk.ToJsonString());
        Assert.Equal(wanted.TryGetProperty("finish", out var finish) ? finish.GetString() : null, (string?)choice["finish_reason"]);
    }

    private static void CheckFault(JsonElement wanted, HubFault fault)
    {
        Assert.Equal(
            (wanted.GetProperty("status").GetInt32(), wanted.GetProperty("type").GetString(), wanted.GetProperty("code").GetString()),
            (fault.Status, fault.Type, fault.Code));
        if (wanted.TryGetProperty("words", out var words))
            Assert.Equal(words.GetString(), fault.Words);
        Assert.NotEmpty(fault.Words);
        Assert.Equal(fault.Code is not ("hub_answer_unreadable" or "hub_broke_off"), fault.IsHubsOwn);
    }
}
