using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>
/// Reads ConverseStream: <c>messageStart</c>, for each block perhaps <c>contentBlockStart</c>, its deltas and <c>contentBlockStop</c>, then <c>messageStop</c>
/// and <c>metadata</c>; an exception at any point.
/// </summary>
internal sealed class ConversePieces(string id, string model, AnswerForm form) : NativePieces
{
    private readonly EventStreamReader _messages = new();
    private readonly AnswerEvents _answer = form.Events();
    private ChatUsage? _usage;
    private int _tool = -1;
    private bool _isTool;
    private bool _hasArguments;
    private bool _isFinished;

    public override void Feed(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
    {
        while (Fault is null && _messages.TryNext(ref piece, out var message))
        {
            if (message.Type != "event")
            {
                Fault = AwsFaults.Of(message);
                break;
            }

            using var document = JsonMembers.TryParse(message.Payload);
            if (document is null)
                Fault = HubFault.Unreadable($"An event of the stream is not JSON: {HubFault.Describe(message.Payload.Span)}.");
            else
                Take(message.Name ?? "", document.RootElement, output);
        }

        if (_messages.Broken is { } why)
            Fault ??= HubFault.Unreadable(why);
    }

    public override void End(IBufferWriter<byte> output)
    {
        if (Fault is not null)
            return;
        if (!_isFinished || _messages.IsInside)
        {
            Fault = _answer.HasBegun || _messages.IsInside ? HubFault.BrokenOff() : HubFault.Unreadable("A stream of events was expected, and it ended without one.");
            return;
        }

        // The token counts come last, and may be missing.
        _answer.End(output, _usage);
        IsWhole = true;
    }

    public override void Dispose() => _answer.Dispose();

    private void Take(string type, JsonElement root, IBufferWriter<byte> output)
    {
        switch (type)
        {
            case "messageStart" when !_answer.HasBegun:
                _answer.Begin(output, id, model);
                break;
            case "contentBlockStart" when _answer.HasBegun && !_isFinished:
                Open(root.Child("start"), output);
                break;
            case "contentBlockDelta" when _answer.HasBegun && !_isFinished:
                TakeDelta(root.Child("delta"), output);
                break;
            case "contentBlockStop" when _answer.HasBegun && !_isFinished:
                if (_isTool && !_hasArguments)
                    _answer.ToolArguments(output, _tool, "{}");
                _isTool = false;
                break;
            case "messageStop" when _answer.HasBegun && !_isFinished:
                var reason = root.Text("stopReason");
                _isFinished = true;
                if (ConverseWords.FinishReason(reason) is { } finish)
                    _answer.Finish(output, finish);
                else
                    Fault = ConverseWords.Malformed(reason!);
                break;
            case "metadata" when _isFinished:
                _usage = ConverseWords.Usage(root.Child("usage"));
                break;
            case "messageStart" or "contentBlockStart" or "contentBlockDelta" or "contentBlockStop" or "messageStop" or "metadata":
                Fault = HubFault.Unreadable($"The stream says \"{type}\" where that cannot be.");
                break;
            default:
                break;   // kinds of events that are still to come
        }
    }

    private void Open(JsonElement? start, IBufferWriter<byte> output)
    {
        if (start.Child("toolUse") is { } use)
        {
            if (use.TextElement("toolUseId") is { } toolId && use.TextElement("name") is { } name)
            {
                (_isTool, _hasArguments) = (true, false);
                _answer.Tool(output, ++_tool, toolId, name);
            }
            else
            {
                Fault = HubFault.Unreadable("A tool call of the stream has no id or name.");
            }
        }
        else if (start is { ValueKind: JsonValueKind.Object } other && other.GetPropertyCount() > 0)
        {
            Fault = HubFault.Unreadable($"The stream holds a part of the kind \"{HubFault.Cleaned(other.EnumerateObject().First().Name)}\", which a chat completion has no place for.");
        }
    }

    private void TakeDelta(JsonElement? delta, IBufferWriter<byte> output)
    {
        if (delta?.TextElement("text") is { } text)
        {
            _answer.Say(output, AnswerPart.Text, text);
        }
        else if (delta.Child("toolUse") is { } use)
        {
            if (!_isTool)
            {
                Fault = HubFault.Unreadable("The stream gives arguments outside of a tool call.");
            }
            else if (use.TextElement("input") is { } piece && !piece.IsEmptyText())
            {
                _hasArguments = true;
                _answer.ToolArguments(output, _tool, piece);
            }
        }
        else if (delta.Child("reasoningContent") is { } reasoning)
        {
            if (reasoning.TextElement("text") is { } thought)
                _answer.Say(output, AnswerPart.Reasoning, thought);
        }
        else if (delta.Child("citation") is null)
        {
            Fault = HubFault.Unreadable("The stream holds a part that a chat completion has no place for.");
        }
    }
}
