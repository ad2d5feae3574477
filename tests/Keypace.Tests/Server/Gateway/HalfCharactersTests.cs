using System.Text;
using System.Text.RegularExpressions;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Half of a character in what a model says, or a byte that is no text: the rest of it arrives, in every hub's language, whole and streamed.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed partial class HalfCharactersTests(FeatureHost host)
{
    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (var hub in (string[])["custom", "anthropic", "plain"])
            {
                foreach (var half in (string[])["\\ud83d", "\\uDE00", "\u00FF\u00FE", "\u00E2\u0082"])   // each character of the last two is a byte
                {
                    cases.Add(hub, half, false);
                    cases.Add(hub, half, true);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_rest_arrives(string hub, string half, bool streams)
    {
        await using var raw = new RawHub(async (_, connection) =>
        {
            await connection.SendAsync(AnswerOf(hub, $"before {half}", " after", streams && hub != "plain"));
            connection.Cut();
        });
        var name = FeatureHost.Unique("half").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new
        {
            name, hub = hub == "plain" ? "custom" : hub, value = $"sk-test-{name}", url = raw.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1,
            hub_config = hub == "plain" ? new Dictionary<string, string> { ["request_template"] = """{"q":"{{prompt}}"}""", ["answer_path"] = "$.text" } : null,
        })).MustBe(200);

        var body = $$"""{"model":"m","stream":{{(streams ? "true" : "false")}},"messages":[{"role":"user","content":"x \ud83d y"}]}""";
        var got = (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", body, null, ("x-keypace-key", name))).MustBe(200);

        Assert.Contains("before ", got.Text, StringComparison.Ordinal);
        Assert.Contains(" after", got.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"error\"", got.Text, StringComparison.Ordinal);
        Assert.Matches(AsksWithBoth(), raw.Requests.Last());
        if (hub == "custom" && !streams)
        {
            var contract = (await host.PostAsync("/v1/chat_complete", $$$"""{"prompt":"x \ud83d y","completion_params":{"api_key":"{{{name}}}","model":"m"}}""")).MustBe(200);
            Assert.Contains("before ", contract.Text, StringComparison.Ordinal);
        }
    }

    private static string AnswerOf(string hub, string first, string second, bool streams) => (hub, streams) switch
    {
        ("plain", _) => Whole($$$"""{"text":"{{{first}}}{{{second}}}"}"""),
        ("custom", false) => Whole($$$"""{"choices":[{"index":0,"message":{"role":"assistant","content":"{{{first}}}{{{second}}}"},"finish_reason":"stop"}]}"""),
        ("custom", true) => Events($$$"""{"choices":[{"index":0,"delta":{"content":"{{{first}}}"}}]}""", $$$"""{"choices":[{"index":0,"delta":{"content":"{{{second}}}"},"finish_reason":"stop"}]}""", "[DONE]"),
        (_, false) => Whole($$$"""{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"{{{first}}}{{{second}}}"},{"type":"tool_use","id":"t","name":"f","input":{"q":"{{{first}}}{{{second}}}"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}"""),
        (_, true) => Events(
            """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":1,"output_tokens":0}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{first}}}"}}""",
            $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{second}}}"}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}""",
            """{"type":"message_stop"}"""),
    };

    private static string Whole(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    private static string Events(params string[] data) =>
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + string.Concat(data.Select(each => $"data: {each}\n\n"));

    [GeneratedRegex("x .* y")]
    private static partial Regex AsksWithBoth();
}
