using System.Text;
using CsCheck;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

public sealed class UsageScannerTests
{
    public static TheoryData<string, string, long?, long?, long?> Answers { get; } = new()
    {
        { "chat completion", """{"id":"x","choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}""", 9, 12, 21 },
        { "with details", """{"usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4, "prompt_tokens": 77}, "completion_tokens": 12, "total_tokens": 21, "x":["}"]} }""", 9, 12, 21 },
        { "usage first", """{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"choices":[{"message":{"content":"a very long answer"}}]}""", 1, 2, 3 },
        { "embeddings", """{"data":[],"usage" : {"prompt_tokens":8,"total_tokens":8}}""", 8, null, 8 },
        { "responses", """{"output":[],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":0},"output_tokens":87,"total_tokens":123}}""", 36, 87, 123 },
        { "messages", """{"type":"message","content":[],"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":3,"output_tokens":25}}""", 18, 25, 43 },
        { "chat stream", "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}\n\ndata: [DONE]\n\n", 9, 12, 21 },
        { "groq stream", "data: {\"choices\":[],\"x_groq\":{\"id\":\"r\",\"usage\":{\"queue_time\":0.01,\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}}}\n\n", 9, 12, 21 },
        { "growing stream", "data: {\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}}\n\ndata: {\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}}\n\n", 9, 2, 11 },
        { "messages stream", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n", 25, 15, 40 },
        { "responses stream", "event: response.created\ndata: {\"response\":{\"usage\":null}}\n\nevent: response.completed\ndata: {\"response\":{\"output\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"total_tokens\":3},\"user\":null}}\n\n", 1, 2, 3 },
        { "google", """{"candidates":[],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":3,"totalTokenCount":16,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9}]}}""", 9, 7, 16 },
        { "google stream", "data: {\"usageMetadata\": {\"promptTokenCount\": 9,\"totalTokenCount\": 9}}\r\n\r\ndata: {\"usageMetadata\": {\"promptTokenCount\": 9,\"candidatesTokenCount\": 4,\"totalTokenCount\": 13}}\r\n\r\n", 9, 4, 13 },
        { "cohere", """{"usage":{"billed_units":{"input_tokens":5,"output_tokens":418},"tokens":{"input_tokens":71,"output_tokens":420},"cached_tokens":0}}""", 71, 420, 491 },
        { "names that only begin so", """{"usageMeta":{"prompt_tokens":5},"usages":{"prompt_tokens":5},"usageMetadatas":{"prompt_tokens":5},"usage_usage":1,"usage":{"prompt_tokens":9,"tokens":7}}""", 9, null, null },
        { "a text that speaks of usage", """{"choices":[{"message":{"content":"{\"usage\":{\"prompt_tokens\":1000}} \"usage\""}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}""", 9, 1, 10 },
        { "a value named usage", """{"object":"usage","x":"usage","usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}""", 9, 1, 10 },
        { "another usage", """{"tools":[{"parameters":{"usage":{"type":"object"}}}],"usage":{"input_tokens":9,"output_tokens":1}}""", 9, 1, 10 },
        { "a tool's argument", """{"content":[{"type":"tool_use","input":{"usage":{"prompt_tokens":700000,"input_tokens":900000}}}],"usage":{"input_tokens":3,"output_tokens":2}}""", 3, 2, 5 },
        { "a tool's argument behind the counts", """{"usage":{"input_tokens":3,"output_tokens":2},"content":[{"input":{"usage":{"prompt_tokens":700000}}}]}""", 3, 2, 5 },
        { "a tool's argument of a local model", """{"message":{"tool_calls":[{"function":{"arguments":{"usage":{"prompt_tokens":7}}}}]},"usage":{"prompt_tokens":3}}""", 3, null, null },
        { "google's arguments", """{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"usageMetadata":{"promptTokenCount":7},"usage":{"prompt_tokens":7}}}}]}}],"usageMetadata":{"promptTokenCount":3}}""", 3, null, null },
        { "a tool's argument in a stream", "data: {\"response\":{\"output\":[{\"usage\":{\"input_tokens\":7}}],\"usage\":{\"input_tokens\":3}}}\n\n", 3, null, null },
        { "bedrock's arguments", """{"output":{"message":{"content":[{"toolUse":{"input":{"usage":{"inputTokens":7}}}}]}},"usage":{"inputTokens":3,"outputTokens":1}}""", 3, 1, 4 },
        { "usage in a list", """{"usage":[{"usage":{"prompt_tokens":7}}],"x":[{"usage":{"prompt_tokens":7}}]}""", null, null, null },
        { "google's list", "[{\"usageMetadata\":{\"promptTokenCount\":9}}\n,\r\n{\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":4}}]", 9, 4, 13 },
        { "lines of json", "{\"message\":{}}\n{\"usage\":{\"prompt_tokens\":9}}\n", 9, null, null },
        { "carriage returns", ": x\rdata: {\"choices\":[],\rdata: \"usage\":{\"prompt_tokens\":9}}\r\rdata: {\r\ndata: \"usage\":{\"completion_tokens\":4}}\r\n\r\n", 9, 4, 13 },
        { "a byte order mark", "\uFEFFdata:{\"usage\":{\"prompt_tokens\":9}}", 9, null, null },
        { "an event that breaks off", "data: {\"choices\":[{\"x\":\"\n\ndata: {\"usage\":{\"prompt_tokens\":9}}\n\n", 9, null, null },
        { "counts as floats", """{"usage":{"prompt_tokens":5.0,"completion_tokens":12e0,"total_tokens":17.00}}""", 5, 12, 17 },
        { "none", """{"choices":[]}""", null, null, null },
        { "null", """{"usage":null}""", null, null, null },
        { "a number", """{"usage":5}""", null, null, null },
        { "nonsense counts", """{"usage":{"prompt_tokens":-1,"completion_tokens":"12","total_tokens":1e99}}""", null, null, null },
        { "endless counts", """{"usage":{"prompt_tokens":99999999999999999999,"completion_tokens":1.5}}""", null, null, null },
        { "broken", """{"usage":{"prompt_tokens":5,,}}""", 5, null, null },
        { "cut off", """{"usage":{"prompt_tokens":5""", null, null, null },
        { "html", "<html>\"usage\"</html>", null, null, null },
        { "empty", "", null, null, null },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Counts_are_found_wherever_the_answer_is_cut(string what, string answer, long? prompt, long? completion, long? total)
    {
        Assert.NotEmpty(what);
        var bytes = Encoding.UTF8.GetBytes(answer);
        AssertCounts(Scan([bytes]), prompt, completion, total);
        for (var cut = 0; cut <= bytes.Length; cut++)
            AssertCounts(Scan([bytes[..cut], bytes[cut..]]), prompt, completion, total);
        AssertCounts(Scan(bytes.Chunk(1)), prompt, completion, total);
    }

    [Fact]
    public void Random_cuts_change_nothing()
    {
        var all = Encoding.UTF8.GetBytes(string.Concat(Answers.Select(row => row.Data.Item2).Where(text => !text.Contains(",,", StringComparison.Ordinal))));
        var whole = Scan([all]);
        Gen.Int[1, 64].Array[1, 200].Sample(lengths =>
        {
            var pieces = new List<byte[]>();
            var at = 0;
            for (var index = 0; at < all.Length; index++)
            {
                var length = Math.Min(lengths[index % lengths.Length], all.Length - at);
                pieces.Add(all[at..(at + length)]);
                at += length;
            }

            AssertCounts(Scan(pieces), whole.PromptTokens, whole.CompletionTokens, whole.TotalTokens);
        }, iter: 500);
    }

    [Fact]
    public void Any_bytes_pass() =>
        Gen.Select(Gen.String[Gen.Char["\"usage:{}[]\\ ,1null\n"], 0, 200], Gen.Int[1, 20]).Sample((text, length) =>
            Scan(Encoding.UTF8.GetBytes("{\"usage\":{" + text).Chunk(length)), iter: 20_000);

    [Fact]
    public void Counts_are_found_in_framed_messages()
    {
        static byte[] Frame(string payload)
        {
            var headers = "\u000b:event-type\u0007\0\u0002{\""u8.ToArray();
            var body = Encoding.UTF8.GetBytes(payload);
            var frame = new byte[16 + headers.Length + body.Length];
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), headers.Length);
            frame.AsSpan(8, 4).Fill((byte)'{');
            headers.CopyTo(frame, 12);
            body.CopyTo(frame, 12 + headers.Length);
            frame.AsSpan(frame.Length - 4).Fill((byte)'"');
            return frame;
        }

        byte[] all = [.. Frame("""{"delta":{"toolUse":{"input":"{\"usage\":{\"inputTokens\":7}}"}}}"""), .. Frame("""{"metrics":{"latencyMs":1},"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7}}""")];
        for (var length = 1; length <= all.Length; length++)
            AssertCounts(Scan(all.Chunk(length)), 3, 4, 7);
    }

    [Fact]
    public void An_object_beyond_all_bounds_is_passed_over_and_the_next_one_found()
    {
        var answer = "{\"usage\":{\"x\":\"" + new string('y', UsageScanner.MostObjectBytes) + "\"}}{\"usage\":{\"prompt_tokens\":5}}";
        AssertCounts(Scan(Encoding.UTF8.GetBytes(answer).Chunk(1000)), 5, null, null);
    }

    [Fact]
    public void A_stream_costs_no_allocation()
    {
        var piece = Encoding.UTF8.GetBytes("data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}],\"usage\":null}\n\n");
        var half = Encoding.UTF8.GetBytes("data: {\"usage\":{\"prompt_tokens\":9,\"completion");
        var rest = Encoding.UTF8.GetBytes("_tokens\":12}}\n\n");
        var scanner = new UsageScanner();
        void Pass()
        {
            scanner.Feed(piece);
            scanner.Feed(half);
            scanner.Feed(rest);
        }

        for (var warm = 0; warm < 1000; warm++)
            Pass();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 10_000; count++)
            Pass();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static UsageScanner Scan(IEnumerable<byte[]> pieces)
    {
        var scanner = new UsageScanner();
        foreach (var piece in pieces)
            scanner.Feed(piece);
        return scanner;
    }

    private static void AssertCounts(UsageScanner scanner, long? prompt, long? completion, long? total)
    {
        Assert.Equal(prompt, scanner.PromptTokens);
        Assert.Equal(completion, scanner.CompletionTokens);
        Assert.Equal(total, scanner.TotalTokens);
    }
}
