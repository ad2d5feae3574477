using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>An event stream may be written in many ways that mean the same (WHATWG): each is read as the plain one, cut anywhere.</summary>
public sealed class EventStreamFormsTests
{
    private const string Chunks = """
        data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}

        data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5.0,"completion_tokens":2.0,"total_tokens":7.0}}

        data: [DONE]


        """;

    private const string Message = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":5.0,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"ab"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2.0}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    public static TheoryData<string, string> Forms
    {
        get
        {
            var forms = new TheoryData<string, string>();
            foreach (var hub in (string[])["openai", "anthropic"])
            {
                foreach (var form in (string[])["LF", "CR", "CRLF", "BOM", "comments", "no space", "id and retry", "several lines", "no last empty line", "no last line end", "empty lines first", "event without data"])
                    forms.Add(hub, form);
            }

            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void All_are_read_alike(string hub, string form)
    {
        var plain = (hub == "openai" ? Chunks : Message).ReplaceLineEndings("\n");
        var each = JsonDocument.Parse($$"""{"hub":"{{hub}}","language":"responses"}""").RootElement;
        var (wanted, fault) = Answers.Run(BothWays.Answers(each, stream: true), Encoding.UTF8.GetBytes(plain), [plain.Length]);
        Assert.Null(fault);
        Assert.Contains("\"output_text\",\"text\":\"ab\"", wanted, StringComparison.Ordinal);
        Assert.Contains("\"input_tokens\":5,", wanted, StringComparison.Ordinal);

        var written = Encoding.UTF8.GetBytes(Written(plain, form));

        Assert.Equal((wanted, null), Answers.Run(BothWays.Answers(each, stream: true), written, [written.Length]));
        Cuts.Check(form, () => BothWays.Answers(each, stream: true), written);
    }

    [Theory]
    [InlineData("openai", "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"id\":\"c\",\"choi")]
    [InlineData("openai", "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\n")]
    [InlineData("anthropic", "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\"}}\n\ndata: {\"type\":\"mess")]
    public void What_ends_in_the_middle_of_an_answer_is_broken_off(string hub, string stream)
    {
        var each = JsonDocument.Parse($$"""{"hub":"{{hub}}","language":"responses"}""").RootElement;

        var (_, fault) = Answers.Run(BothWays.Answers(each, stream: true), Encoding.UTF8.GetBytes(stream), [stream.Length]);

        Assert.Equal("hub_broke_off", fault?.Code);
    }

    private static string Written(string plain, string form) => form switch
    {
        "CR" => plain.Replace('\n', '\r'),
        "CRLF" => plain.ReplaceLineEndings("\r\n"),
        "BOM" => "\uFEFF" + plain[plain.IndexOf("data:", StringComparison.Ordinal)..],
        "comments" => ": hello\n\n" + plain.Replace("data:", ":\ndata:", StringComparison.Ordinal),
        "no space" => plain.Replace("data: ", "data:", StringComparison.Ordinal),
        "id and retry" => plain.Replace("data:", "id: 7\nretry: 5\nunknown\ndata:", StringComparison.Ordinal),
        "several lines" => plain.Replace("\"model\"", "\ndata: \"model\"", StringComparison.Ordinal).Replace("\"delta\"", "\ndata:\"delta\"", StringComparison.Ordinal),
        "no last empty line" => plain.TrimEnd('\n') + "\n",
        "no last line end" => plain.TrimEnd('\n'),
        "empty lines first" => "\n\r\n\n" + plain,
        "event without data" => "event: ping\n\n" + plain,
        _ => plain,
    };
}
