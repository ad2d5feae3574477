using System.Text;
using CsCheck;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

public sealed class UsageChunkFilterTests
{
    private const string Hello = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"say \\\"usage\\\" {\\\"choices\\\":[]}\"}}],\"usage\":null}\n\n";
    private const string Filtered = "data: {\"choices\":[],\"prompt_filter_results\":[{}],\"usage\":null}\n\n";
    private const string Less = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"say \\\"usage\\\" {\\\"choices\\\":[]}\"}}]}\n\n";
    private const string FilteredLess = "data: {\"choices\":[],\"prompt_filter_results\":[{}]}\n\n";
    private const string Last = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":3}}\n\n";
    private const string Extra = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}\n\n";
    private const string Comment = ": PROCESSING\n\n";
    private const string Done = "data: [DONE]\n\n";

    [Theory]
    [InlineData(Hello + Extra + Done, Less + Done)]
    [InlineData(Filtered + Hello + Last + Done, FilteredLess + Less + Last + Done)]
    [InlineData(Comment + Hello + Comment + Extra + Comment + Done, Comment + Less + Comment + Comment + Done)]
    [InlineData("\n\n" + Hello + Extra + Done, "\n\n" + Less + Done)]
    [InlineData("data: {\"choices\": [ ], \"usage\": {\"total_tokens\": 3}}\r\n\r\n" + Done, Done)]
    [InlineData("data:{\"usage\":{\"total_tokens\":3},\"choices\":[]}\n\n" + Done, Done)]
    [InlineData("event: x\n" + Hello + Done, "event: x\n" + Less + Done)]
    [InlineData(Hello + "data: {\"choices\":[],\"usage\":{\"total", Less + "data: {\"choices\":[],\"usage\":{\"total")]
    [InlineData("\uFEFF" + Extra + Done, Done)]
    [InlineData("id: 1\nevent: message\n" + Extra + "id: 2\n" + Done, "id: 2\n" + Done)]
    [InlineData("id: 1\n: still here\nretry: 5\n" + Extra + Done, Done)]
    [InlineData("data: {\"choices\":[],\ndata: \"usage\":{\"total_tokens\":3}}\n\n" + Done, Done)]
    [InlineData("data: {\"choices\":[],\r\ndata: \"usage\":{\"total_tokens\":3}}\r\n\r\n" + Done, Done)]
    [InlineData("data: {\"choices\":[],\rdata: \"usage\":{\"total_tokens\":3}}\r\rdata: [DONE]\r\r", "data: [DONE]\r\r")]
    [InlineData("data: {\"choices\":[{}],\ndata: \"usage\":null\ndata:}\n\n" + Done, "data: {\"choices\":[{}]\ndata: \ndata:}\n\n" + Done)]
    [InlineData("data: {\"usage\": null , \"choices\":[{}]}\n\n" + Done, "data: { \"choices\":[{}]}\n\n" + Done)]
    [InlineData("data: {\"choices\":[{\"usage\":null}]}\n\n" + Done, "data: {\"choices\":[{\"usage\":null}]}\n\n" + Done)]
    [InlineData("data: {\"choices\":null,\"usage\":{}}\n\n" + Done, Done)]
    [InlineData("data: {\"object\":\"chat.completion.chunk\",\"usage\":{}}\n\n" + Done, Done)]
    [InlineData("data: {\"choices\":[],\"error\":{\"message\":\"x\"},\"usage\":{}}\n\n" + Done, "data: {\"choices\":[],\"error\":{\"message\":\"x\"},\"usage\":{}}\n\n" + Done)]
    [InlineData(Hello + "data: {\"choices\":[],\"usage\":{}}", Less)]
    [InlineData(Hello + "data: {\"choices\":[],\"usage\":{}}\n", Less)]
    [InlineData(Hello + "id: 9\rdata: {\"choices\":[],\"usage\":{}}\r", Less)]
    [InlineData("database: {\"choices\":[],\"usage\":{}}\n\n", "database: {\"choices\":[],\"usage\":{}}\n\n")]
    [InlineData("data: {\"usage\" broken\n\n" + Done, "data: {\"usage\" broken\n\n" + Done)]
    [InlineData("{\"choices\":[],\"usage\":{}}", "{\"choices\":[],\"usage\":{}}")]
    [InlineData("", "")]
    public void Only_the_extra_chunk_is_taken_out_wherever_the_pieces_are_cut(string stream, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var size = 1; size <= bytes.Length + 1; size++)
            Assert.Equal(expected, Through(bytes, at => size));
        Gen.Int[1, 60].Array[1, 40].Sample(sizes => Through(bytes, at => sizes[at % sizes.Length]) == expected, iter: 500);
    }

    [Fact]
    public void A_chunk_goes_out_at_the_end_of_the_line_that_decides_it()
    {
        var filter = new UsageChunkFilter();
        Assert.Equal("", Text(filter.Pass(Bytes("id: 1\ndata: {\"choices\":[{\"delta\""))));
        Assert.Equal("id: 1\ndata: {\"choices\":[{\"delta\":1}]}\n", Text(filter.Pass(Bytes(":1}]}\n"))));
        Assert.Equal("\n", Text(filter.Pass(Bytes("\n"))));
        Assert.Equal(": still here\n", Text(filter.Pass(Bytes(": still here\n"))));
        Assert.Equal("\rdata: [DONE]\r", Text(filter.Pass(Bytes("\rdata: [DONE]\r"))));
        Assert.Equal("\n\r", Text(filter.Pass(Bytes("\n\r"))));
    }

    [Fact]
    public void A_whole_chunk_without_usage_is_not_even_copied()
    {
        var piece = Bytes("data: {\"choices\":[{\"delta\":{}}]}\n\n");
        Assert.True(new UsageChunkFilter().Pass(piece).Equals(piece));
    }

    [Fact]
    public void A_very_long_event_passes_and_is_not_collected()
    {
        var filter = new UsageChunkFilter();
        var start = Encoding.UTF8.GetBytes("data: {\"choices\":[],\"x\":\"" + new string('a', UsageChunkFilter.MostEventBytes));
        Assert.Equal(start.Length, filter.Pass(start).Length);
        Assert.Equal(5, filter.Pass(Bytes("aaaaa")).Length);
    }

    private static string Through(byte[] stream, Func<int, int> sizeOf)
    {
        var filter = new UsageChunkFilter();
        var passed = new List<byte>();
        for (var (at, piece) = (0, 0); at < stream.Length; piece++)
        {
            var size = Math.Min(sizeOf(piece), stream.Length - at);
            passed.AddRange(filter.Pass(stream.AsMemory(at, size)).ToArray());
            at += size;
        }

        passed.AddRange(filter.Rest().ToArray());
        return Encoding.UTF8.GetString([.. passed]);
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
