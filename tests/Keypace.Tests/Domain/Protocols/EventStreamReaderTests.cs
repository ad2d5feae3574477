using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.Bedrock;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>AWS's event streams: what is right is read, and nothing else.</summary>
public sealed class EventStreamReaderTests
{
    private static readonly byte[] Sound = NativeStreams.Aws(JsonDocument.Parse("""
        [{"messageStart":{"role":"assistant"}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hello"}}},{"contentBlockStop":{"contentBlockIndex":0}},{"messageStop":{"stopReason":"end_turn"}}]
        """).RootElement.EnumerateArray());

    private static NativeAnswers Converse => Answers.Of(ChatProtocols.Of(HubProtocol.Bedrock)!, Questions.Setting("Amazon Bedrock"), stream: true);

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        Assert.Null(Answers.Run(Converse, Sound, [Sound.Length]).Fault);
        for (var bit = 0; bit < Sound.Length * 8; bit++)
        {
            var broken = Sound.ToArray();
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(Answers.Run(Converse, broken, [broken.Length]).Fault is { IsHubsOwn: false }, $"bit {bit} was not missed");
        }
    }

    [Fact]
    public void Every_early_end_is_found()
    {
        for (var length = 0; length < Sound.Length; length++)
            Assert.True(Answers.Run(Converse, Sound[..length], [Math.Max(1, length)]).Fault is { IsHubsOwn: false }, $"an end after {length} bytes was not missed");
    }

    [Fact]
    public void Every_type_of_header_is_read_over()
    {
        byte[] headers =
        [
            .. Named("t"), 0, .. Named("f"), 1, .. Named("b"), 2, 1, .. Named("s"), 3, 1, 2, .. Named("i"), 4, 1, 2, 3, 4, .. Named("l"), 5, 1, 2, 3, 4, 5, 6, 7, 8,
            .. Named("a"), 6, 0, 2, 1, 2, .. Named("x"), 7, 0, 1, (byte)'y', .. Named("d"), 8, 1, 2, 3, 4, 5, 6, 7, 8,
            .. Named("u"), 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
            .. Named(":message-type"), 7, 0, 5, .. "event"u8, .. Named(":event-type"), 7, 0, 5, .. "chunk"u8,
        ];
        var reader = new EventStreamReader();
        ReadOnlySpan<byte> piece = NativeStreams.Message(headers, "payload"u8);
        Assert.True(reader.TryNext(ref piece, out var message));
        Assert.Equal(("event", "chunk", "payload"), (message.Type, message.Name, Encoding.UTF8.GetString(message.Payload.Span)));
        Assert.True(piece.IsEmpty && !reader.IsInside);
    }

    public static TheoryData<string, byte[]> BadHeaders => new()
    {
        { "a type that there is not", [.. Named("a"), 10] },
        { "a name without letters", [0, 0] },
        { "a name that ends too late", [9, (byte)'a'] },
        { "a text that ends too late", [.. Named("a"), 7, 0, 9, (byte)'y'] },
        { "a number that ends too late", [.. Named("a"), 5, 1, 2] },
        { "a text that is not UTF-8", [.. Named("a"), 7, 0, 1, 0xFF] },
        { "no type of message", [.. Named(":event-type"), 7, 0, 5, .. "chunk"u8] },
        { "a strange type of message", [.. Named(":message-type"), 7, 0, 4, .. "joke"u8] },
        { "a type of message that is no text", [.. Named(":message-type"), 4, 0, 0, 0, 1] },
        { "two types of message", [.. Named(":message-type"), 7, 0, 5, .. "event"u8, .. Named(":message-type"), 7, 0, 5, .. "event"u8] },
    };

    [Theory]
    [MemberData(nameof(BadHeaders), DisableDiscoveryEnumeration = true)]
    public void Headers_that_cannot_be_break_the_stream(string name, byte[] headers)
    {
        var reader = new EventStreamReader();
        ReadOnlySpan<byte> piece = NativeStreams.Message(headers, []);
        Assert.False(reader.TryNext(ref piece, out _), name);
        Assert.NotNull(reader.Broken);
    }

    [Theory]
    [InlineData(15, 0)]
    [InlineData(100, 85)]
    [InlineData(200_000, 131_073)]
    [InlineData(17 * 1024 * 1024, 0)]
    [InlineData(-1, 0)]
    public void Lengths_that_cannot_be_break_the_stream_before_anything_is_collected(int total, int headers)
    {
        var prelude = new byte[12];
        BinaryPrimitives.WriteInt32BigEndian(prelude, total);
        BinaryPrimitives.WriteInt32BigEndian(prelude.AsSpan(4), headers);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(8), NativeStreams.Checksum(prelude.AsSpan(0, 8)));
        var reader = new EventStreamReader();
        ReadOnlySpan<byte> piece = prelude;
        Assert.False(reader.TryNext(ref piece, out _));
        Assert.NotNull(reader.Broken);
    }

    [Fact]
    public void A_great_message_that_never_comes_takes_no_memory()
    {
        var message = NativeStreams.Message([(":message-type", "event")], new byte[EventStreamReader.MostPayloadBytes]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new EventStreamReader();
        ReadOnlySpan<byte> piece = message.AsSpan(0, 4096);
        Assert.False(reader.TryNext(ref piece, out _));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 * 1024);

        piece = message.AsSpan(4096);
        Assert.True(reader.TryNext(ref piece, out var whole));
        Assert.Equal(EventStreamReader.MostPayloadBytes, whole.Payload.Length);
    }

    private static byte[] Named(string name) => [(byte)name.Length, .. Encoding.ASCII.GetBytes(name)];
}
