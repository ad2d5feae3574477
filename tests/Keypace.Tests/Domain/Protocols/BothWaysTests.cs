using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>Callers who speak Anthropic's messages or OpenAI's responses, in front of hubs that speak something else.</summary>
public sealed class BothWaysTests
{
    public static TheoryData<string, JsonElement> Messages => ProtocolCases.Of("messages-requests.json");

    public static TheoryData<string, JsonElement> Responses => ProtocolCases.Of("responses-requests.json");

    public static TheoryData<string, JsonElement> Wholes => ProtocolCases.Of("answers-said.json");

    public static TheoryData<string, JsonElement> Streams => ProtocolCases.Of("streams-said.json");

    [Theory]
    [MemberData(nameof(Messages), DisableDiscoveryEnumeration = true)]
    public void A_message_is_said_in_the_hubs_language_or_refused_by_name(string name, JsonElement each) => CheckQuestion(CallerLanguages.Messages, name, each);

    [Theory]
    [MemberData(nameof(Responses), DisableDiscoveryEnumeration = true)]
    public void A_response_is_asked_for_in_the_hubs_language_or_refused_by_name(string name, JsonElement each) => CheckQuestion(CallerLanguages.Responses, name, each);

    [Theory]
    [MemberData(nameof(Wholes), DisableDiscoveryEnumeration = true)]
    public void A_hubs_answer_is_said_in_the_callers_language(string name, JsonElement each)
    {
        var body = Encoding.UTF8.GetBytes(each.GetProperty("native").GetRawText());
        Assert.True(BothWays.Answers(each, stream: false).TryRead(body, out var said, out var fault), $"{name}: {fault?.Words}");
        ProtocolCases.AssertSame(each.GetProperty("answer"), said!);
    }

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public void A_stream_is_said_in_the_callers_language(string name, JsonElement each)
    {
        var native = BothWays.Chunks(each);
        var (output, fault) = Answers.Run(BothWays.Answers(each, stream: true), native, [native.Length]);
        var said = new JsonArray();
        foreach (var one in output.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = one.Split('\n');
            var data = JsonNode.Parse(lines[1]["data: ".Length..])!;
            Assert.Equal("event: " + (string?)data["type"], lines[0]);
            said.Add(data);
        }

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(each.GetProperty("said").GetRawText()), said), $"{name}: got\n{said.ToJsonString()}");
        Assert.Equal(each.TryGetProperty("fault", out var expected) ? expected.GetString() : null, fault?.Code);
    }

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public void Where_a_stream_is_cut_does_not_matter(string name, JsonElement each) => Cuts.Check(name, () => BothWays.Answers(each, stream: true), BothWays.Chunks(each));

    [Fact]
    public void There_are_enough_cases() => Assert.True(Messages.Count + Responses.Count + Wholes.Count + Streams.Count >= 380);

    [Fact]
    public void Who_did_not_ask_for_thoughts_gets_none()
    {
        var setting = BothWays.Setting(CallerLanguages.Messages, JsonDocument.Parse("{}").RootElement);
        Assert.True(ChatProtocols.Of(HubProtocol.OpenAi).Ask("""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"A"}]}"""u8.ToArray(), setting).TryGet(out var chat, out _));

        Assert.True(chat.Answers.TryRead("""{"id":"c","model":"m","choices":[{"message":{"content":"hi","reasoning_content":"hm"},"finish_reason":"stop"}]}"""u8.ToArray(), out var said, out _));

        Assert.Equal("text", (string?)Assert.Single(JsonNode.Parse(said!)!["content"]!.AsArray())!["type"]);
    }

    [Fact]
    public void Caller_and_hub_of_one_language_need_no_translation()
    {
        Assert.Null(ChatProtocols.Between(CallerLanguages.Chat, HubProtocol.OpenAi));
        Assert.Null(ChatProtocols.Between(CallerLanguages.Messages, HubProtocol.Anthropic));
        Assert.NotNull(ChatProtocols.Between(CallerLanguages.Responses, HubProtocol.OpenAi));
        Assert.NotNull(ChatProtocols.Between(CallerLanguages.Messages, HubProtocol.OpenAi));
    }

    private static void CheckQuestion(CallerLanguage language, string name, JsonElement each)
    {
        var end = ChatProtocols.Of(BothWays.Hub(each)).Ask(Encoding.UTF8.GetBytes(each.GetProperty("ask").GetRawText()), BothWays.Setting(language, each));
        if (each.TryGetProperty("native", out var native))
        {
            Assert.True(end.TryGet(out var chat, out var refusal), $"{name}: refused with {refusal?.Detail}");
            ProtocolCases.AssertSame(native, chat.Body);
            return;
        }

        Assert.False(end.TryGet(out _, out var refused), $"{name}: was taken");
        Assert.Equal(RefusalReason.Malformed, refused.Reason);
        Assert.Equal(each.TryGetProperty("code", out var code) ? code.GetString() : "not_translatable", refused.Code);
        Assert.Equal(each.GetProperty("refused").GetString(), refused.Fields![0].Path[^1]);
    }
}
