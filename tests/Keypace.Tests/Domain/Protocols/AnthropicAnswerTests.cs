using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>What callers get for what Anthropic sends.</summary>
public sealed class AnthropicAnswerTests
{
    public static TheoryData<string, JsonElement> Wholes => ProtocolCases.Of("anthropic-answers.json");

    public static TheoryData<string, JsonElement> Streams => ProtocolCases.Of("anthropic-streams.json");

    private static IChatProtocol Protocol => ChatProtocols.Of(HubProtocol.Anthropic)!;

    private static NativeAnswers Streamed(JsonElement each) =>
        Answers.Of(Protocol, Questions.Setting("Anthropic"), stream: true, each.TryGetProperty("include_usage", out _));

    [Theory]
    [MemberData(nameof(Wholes), DisableDiscoveryEnumeration = true)]
    public void Whole_answers_and_errors(string name, JsonElement each)
    {
        Assert.NotEmpty(name);
        Answers.CheckWhole(Protocol, Questions.Setting("Anthropic"), each);
    }

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public void Streams_are_said_as_chunks(string name, JsonElement each)
    {
        Assert.NotEmpty(name);
        Answers.CheckStream(Streamed(each), "msg_1", "claude-x", each, NativeStreams.Anthropic(each.GetProperty("events").EnumerateArray()));
    }

    [Fact]
    public void There_are_enough_cases() => Assert.True(Wholes.Count + Streams.Count >= 60);

    [Theory]
    [MemberData(nameof(Streams), DisableDiscoveryEnumeration = true)]
    public void Where_a_stream_is_cut_does_not_matter(string name, JsonElement each)
    {
        var native = NativeStreams.Anthropic(each.GetProperty("events").EnumerateArray());
        Cuts.Check(name, () => Streamed(each), native);
        Cuts.Check(name + " with other line ends", () => Streamed(each), Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(native).Replace("\n", "\r\n", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("<html><body>\n\n502\n\n</body></html>\n\n")]
    [InlineData("data: {oops\n\n")]
    [InlineData("{\"type\":\"error\"}")]
    [InlineData(": nothing but a comment\n\n")]
    public void What_is_no_stream_is_said_to_be_unreadable(string sent)
    {
        var (output, fault) = Answers.Run(Answers.Of(Protocol, Questions.Setting("Anthropic"), stream: true), Encoding.UTF8.GetBytes(sent), [7]);
        Assert.Equal(("", "hub_answer_unreadable"), (output, fault?.Code));
    }

    [Fact]
    public void An_endless_event_is_not_collected()
    {
        using var pieces = Answers.Of(Protocol, Questions.Setting("Anthropic"), stream: true).Pieces();
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        pieces.Feed("data: \""u8, output);
        var part = new byte[64 * 1024];
        part.AsSpan().Fill((byte)'a');
        var fed = 0L;
        for (; pieces.Fault is null && fed < 64 * 1024 * 1024; fed += part.Length)
            pieces.Feed(part, output);
        Assert.InRange(fed, 1024 * 1024, 5 * 1024 * 1024);
        Assert.Equal("hub_answer_unreadable", pieces.Fault?.Code);
    }
}
