using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>
/// Reads the events of a streamed message: <c>message_start</c>, for each block <c>content_block_start</c>, <c>…_delta</c> and <c>…_stop</c>, then
/// <c>message_delta</c> and <c>message_stop</c>; <c>ping</c> anywhere, and <c>error</c> at any point.
/// </summary>
internal sealed class AnthropicPieces(AnswerForm form) : NativePieces
{
    private readonly ServerSentEvents _events = new();
    private readonly AnswerEvents _answer = form.Events();
    private ChatUsage? _usage;
    private int _block = -1;             // the open block's own number, or -1
    private int _tool = -1;              // the last tool call's number among tool calls
    private bool _isTool;
    private bool _hasArguments;
    private bool _isFinished;

    public override void Feed(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
    {
        while (Fault is null && !IsWhole && _events.TryNext(ref piece, out var data))
        {
            using var document = JsonMembers.TryParse(data);
            if (document is null)
                Fault = HubFault.Unreadable($"An event of the stream is not JSON: {HubFault.Describe(data.Span)}.");
            else
                Take(document.RootElement, output);
        }

        if (_events.IsTooLong)
            Fault ??= HubFault.Unreadable($"An event of the stream is longer than {ServerSentEvents.MostEventBytes} bytes.");
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (!IsWhole && Fault is null && JsonMembers.TryParse(_events.TakeLast()) is { } last)
        {
            using (last)
                Take(last.RootElement, output);
        }

        if (!IsWhole)
            Fault ??= _answer.HasBegun ? HubFault.BrokenOff() : HubFault.Unreadable("A stream of events was expected, and it ended without one.");
    }

    public override void Dispose() => _answer.Dispose();

    private void Take(JsonElement root, IBufferWriter<byte> output)
    {
        var type = root.Text("type");
        switch (type)
        {
            case "error":
                Fault = AnthropicWords.Fault(root, null) ?? HubFault.Unreadable("The stream says \"error\" and nothing else.");
                break;
            case "message_start" when !_answer.HasBegun:
                var message = root.Child("message");
                _usage = AnthropicWords.Usage(message.Child("usage"));
                _answer.Begin(output, message.Text("id") ?? "", message.Text("model") ?? "");
                break;
            case "content_block_start" when _answer.HasBegun && _block < 0:
                Open(root, output);
                break;
            case "content_block_delta" when _block >= 0 && root.Child("index") is { } index && index.TryGetInt32(out var number) && number == _block:
                TakeDelta(root.Child("delta"), output);
                break;
            case "content_block_stop" when _block >= 0:
                if (_isTool && !_hasArguments)
                    _answer.ToolArguments(output, _tool, "{}");
                _block = -1;
                break;
            case "message_delta" when _answer.HasBegun && _block < 0:
                TakeMessageDelta(root, output);
                break;
            case "message_stop" when _isFinished:
                _answer.End(output, _usage);
                IsWhole = true;
                break;
            case "message_start" or "content_block_start" or "content_block_delta" or "content_block_stop" or "message_delta" or "message_stop":
                Fault = HubFault.Unreadable($"The stream says \"{type}\" where that cannot be.");
                break;
            default:
                break;   // ping, and kinds of events that are still to come
        }
    }

    private void Open(JsonElement root, IBufferWriter<byte> output)
    {
        var block = root.Child("content_block");
        if (root.Child("index") is not { ValueKind: JsonValueKind.Number } index || !index.TryGetInt32(out _block) || _block < 0)
        {
            Fault = HubFault.Unreadable("A block of the stream has no number.");
            return;
        }

        _isTool = false;
        switch (block.Text("type"))
        {
            case "text":
                Say(output, AnswerPart.Text, block, "text");
                break;
            case "thinking":
                Say(output, AnswerPart.Reasoning, block, "thinking");
                break;
            case "redacted_thinking":
                break;
            case "tool_use" when block?.TextElement("id") is { } id && block?.TextElement("name") is { } name:
                (_isTool, _hasArguments) = (true, false);
                _answer.Tool(output, ++_tool, id, name);
                // Its input is empty here and comes in pieces, unless the hub gives it at once.
                if (block.Child("input") is { ValueKind: JsonValueKind.Object } input && input.GetPropertyCount() > 0)
                {
                    _hasArguments = true;
                    _answer.ToolArguments(output, _tool, input.GetRawText());
                }

                break;
            default:
                Fault = HubFault.Unreadable($"The stream holds a part of the kind \"{HubFault.Cleaned(block.Text("type") ?? "")}\", which a chat completion has no place for.");
                break;
        }
    }

    private void TakeDelta(JsonElement? delta, IBufferWriter<byte> output)
    {
        switch (delta.Text("type"))
        {
            case "text_delta":
                Say(output, AnswerPart.Text, delta, "text");
                break;
            case "thinking_delta":
                Say(output, AnswerPart.Reasoning, delta, "thinking");
                break;
            case "input_json_delta" when _isTool:
                if (delta?.TextElement("partial_json") is { } piece && !piece.IsEmptyText())
                {
                    _hasArguments = true;
                    _answer.ToolArguments(output, _tool, piece);
                }

                break;
            case "input_json_delta":
                Fault = HubFault.Unreadable("The stream gives arguments outside of a tool call.");
                break;
            default:
                break;   // signatures, citations: nothing that a chat completion shows
        }
    }

    private void TakeMessageDelta(JsonElement root, IBufferWriter<byte> output)
    {
        _usage = AnthropicWords.Usage(root.Child("usage"), _usage);
        var delta = root.Child("delta");
        if (_isFinished || delta.Text("stop_reason") is not { } reason)
            return;
        _isFinished = true;
        if (reason == "refusal" && delta.Child("stop_details")?.TextElement("explanation") is { } explanation)
            _answer.Say(output, AnswerPart.Refusal, explanation);
        _answer.Finish(output, AnthropicWords.FinishReason(reason));
    }

    private void Say(IBufferWriter<byte> output, AnswerPart kind, JsonElement? holder, string name)
    {
        if (holder?.TextElement(name) is { } text)
            _answer.Say(output, kind, text);
    }
}
