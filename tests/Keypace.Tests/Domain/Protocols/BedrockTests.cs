using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>Converse, ConverseStream and InvokeAgent, both ways.</summary>
public sealed class BedrockTests
{
    private static readonly ChatSetting Setting = Questions.Setting("Amazon Bedrock", ("region", "eu-central-1"));
    private static readonly ChatSetting AgentSetting = Questions.Setting("Amazon Bedrock Agents", ("agent_id", "AGENT1"), ("agent_alias_id", "ALIAS1"));

    public static TheoryData<string, JsonElement> Requests => ProtocolCases.Of("bedrock-requests.json");

    public static TheoryData<string, JsonElement> AgentRequests => ProtocolCases.Of("bedrock-agent-requests.json");

    public static TheoryData<string, JsonElement> Wholes => ProtocolCases.Of("bedrock-answers.json");

    public static TheoryData<string, JsonElement> Streams => ProtocolCases.Of("bedrock-streams.json");

    public static TheoryData<string, JsonElement> AgentStreams => ProtocolCases.Of("bedrock-agent-streams.json");

    private static IChatProtocol Converse => ChatProtocols.Of(HubProtocol.Bedrock)!;

    private static IChatProtocol Agent => ChatProtocols.Of(HubProtocol.BedrockAgent)!;

    [Theory]
    [MemberData(nameof(Requests), DisableDiscoveryEnumeration = true)]
    public void Query_is_said_in_the_hubs_language_or_refused_by_name(string name, JsonElement each) => Questions.Check(Converse, Setting, name, each);

    [Theory]
    [MemberData(nameof(AgentRequests), DisableDiscoveryEnumeration = true)]
    public void Query_of_an_agent(string name, JsonElement each) => Questions.Check(Agent, AgentSetting, name, each);

    [Theory]
    [MemberData(nameof(Wholes), DisableDiscoveryEnumeration = true)]
    public void Whole_answers_and_errors(string name, JsonElement each)
    {
        Assert.NotEmpty(name);
        Answers.CheckWhole(Converse, Setting, each);
    }

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public void Streams_are_said_as_chunks(string name, JsonElement each)
    {
        var native = NativeStreams.Aws(each.GetProperty("events").EnumerateArray());
        NativeAnswers Streamed() => Answers.Of(Converse, Setting, stream: true, each.TryGetProperty("include_usage", out _));
        Answers.CheckStream(Streamed(), "chatcmpl-req-1", "m", each, native);
        Cuts.Check(name, Streamed, native);
    }

    [Theory]
    [MemberData(nameof(AgentStreams), DisableDiscoveryEnumeration = true)]
    public void Streams_of_an_agent(string name, JsonElement each)
    {
        var native = NativeStreams.Aws(each.GetProperty("events").EnumerateArray());
        NativeAnswers Streamed() => Answers.Of(Agent, AgentSetting, stream: true);
        Answers.CheckStream(Streamed(), "chatcmpl-req-1", "m", each, native);
        Cuts.Check(name, Streamed, native);

        // The same bytes are an agent's whole answer.
        var isRead = Streamed().TryRead(native, out var completion, out var fault);
        Assert.Equal(each.TryGetProperty("answer", out var answer), isRead);
        if (isRead)
            ProtocolCases.AssertSame(answer, completion!);
        else
            Assert.Equal(each.GetProperty("fault").GetProperty("code").GetString(), fault!.Code);
    }

    [Fact]
    public void There_are_enough_cases() => Assert.True(Requests.Count >= 60 && Wholes.Count + Streams.Count >= 60);

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    public void A_models_name_cannot_leave_its_place(string model)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { model, messages = new[] { new { role = "user", content = "A" } } });
        Assert.True(Converse.Ask(body, Setting).TryGet(out var chat, out _));
        Assert.True(Keypace.Domain.Keys.Destination.Parse("https://bedrock-runtime.eu-central-1.amazonaws.com").TryGet(out var destination, out _));
        Assert.False(destination.TryExtend(chat.Path, out _));
    }
}
