using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>What goes to Anthropic for an OpenAI-style query.</summary>
public sealed class AnthropicRequestTests
{
    public static TheoryData<string, JsonElement> Cases => ProtocolCases.Of("anthropic-requests.json");

    private static IChatProtocol Protocol => ChatProtocols.Of(HubProtocol.Anthropic)!;

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Query_is_said_in_the_hubs_language_or_refused_by_name(string name, JsonElement each) =>
        Questions.Check(Protocol, Questions.Setting("Anthropic"), name, each);

    [Fact]
    public void There_are_enough_cases() => Assert.True(Cases.Count >= 60, $"{Cases.Count} cases");

    [Theory]
    [InlineData("""{"model":"m","model":"n","messages":[{"role":"user","content":"a"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"a"}]""")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_is_no_JSON_is_refused(string body)
    {
        Assert.False(Protocol.Ask(System.Text.Encoding.UTF8.GetBytes(body), Questions.Setting("Anthropic")).TryGet(out _, out var refusal));
        Assert.Equal((RefusalReason.Malformed, "invalid_json"), (refusal.Reason, refusal.Code));
    }

    [Fact]
    public void Half_of_a_character_is_replaced_and_the_rest_goes_on()
    {
        byte[] body = [.. """{"model":"m","messages":[{"role":"user","content":"a"""u8, 0xC3, .. """ b"},{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{\"q\":\"c\\ud83d d\"}"}}]},{"role":"tool","tool_call_id":"t","content":"e\udc00 f"}]}"""u8];

        Assert.True(Protocol.Ask(body, Questions.Setting("Anthropic")).TryGet(out var chat, out var refusal), refusal?.Detail);

        var sent = System.Text.RegularExpressions.Regex.Unescape(System.Text.Encoding.UTF8.GetString(chat.Body.Span));
        Assert.All(["a\uFFFD b", "c\uFFFD d", "e\uFFFD f"], text => Assert.Contains(text, sent, StringComparison.Ordinal));
    }
}
