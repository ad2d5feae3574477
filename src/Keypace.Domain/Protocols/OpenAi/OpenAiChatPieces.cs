using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads the chunks of a streamed chat completion, with what hubs do differently: no finish reason, no <c>[DONE]</c>, tool calls without numbers.</summary>
internal sealed class OpenAiChatPieces(AnswerForm form, string queryId) : NativePieces
{
    private readonly ServerSentEvents _events = new();
    private readonly AnswerEvents _answer = form.Events();
    private ChatUsage? _usage;
    private string? _finish;
    private int _tool = -1;
    private int _hubsTool = -1;   // the number that the hub gave it
    private string? _toolId;

    public override void Feed(ReadOnlySpan<byte> piece, IBufferWriter<byte> output)
    {
        while (Fault is null && !IsWhole && _events.TryNext(ref piece, out var data))
        {
            if (data.Span.Trim(" \t"u8).SequenceEqual("[DONE]"u8))
            {
                Close(output);
                break;
            }

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
        if (IsWhole || Fault is not null)
            return;
        var last = _events.TakeLast();
        var isEnd = last.Span.Trim(" \t"u8).SequenceEqual("[DONE]"u8);
        if (!isEnd && JsonMembers.TryParse(last) is { } document)
        {
            using (document)
                Take(document.RootElement, output);
            isEnd = Fault is null && _finish is not null;
        }
        else if (last.IsEmpty)
        {
            isEnd = _finish is not null;
        }

        if (isEnd)
            Close(output);
        else
            Fault ??= _answer.HasBegun ? HubFault.BrokenOff() : HubFault.Unreadable("A stream of events was expected, and it ended without one.");
    }

    public override void Dispose() => _answer.Dispose();

    private void Close(IBufferWriter<byte> output)
    {
        if (!_answer.HasBegun)
        {
            Fault = HubFault.Unreadable("The stream ended without an answer.");
            return;
        }

        _answer.Finish(output, OpenAiUsage.FinishReason(_finish, _tool >= 0));
        _answer.End(output, _usage);
        IsWhole = true;
    }

    private void Take(JsonElement root, IBufferWriter<byte> output)
    {
        if (root.Child("error") is { } error)
        {
            Fault = OpenAiAnswers.ErrorIn(root, error);
            return;
        }

        _usage = OpenAiUsage.Of(root.Child("usage")) ?? _usage;
        if (root.Child("choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() == 0)
            return;
        if (!_answer.HasBegun)
            _answer.Begin(output, OpenAiChatAnswers.IdOf(root, queryId), root.Text("model") ?? "");
        var choice = choices[0];
        if ((choice.Child("delta") ?? choice.Child("message")) is { } delta)
            TakeDelta(delta, output);
        _finish = choice.Text("finish_reason") ?? _finish;
    }

    private void TakeDelta(JsonElement delta, IBufferWriter<byte> output)
    {
        foreach (var (kind, text) in ChatTexts.In(delta))
            _answer.Say(output, kind, text);
        foreach (var call in delta.Child("tool_calls") is { ValueKind: JsonValueKind.Array } calls ? calls.EnumerateArray() : default)
            TakeCall(call, output);
    }

    private void TakeCall(JsonElement call, IBufferWriter<byte> output)
    {
        var function = call.Child("function");
        var (id, number) = (call.Text("id"), (int)Math.Min(((JsonElement?)call).Count("index") ?? -1, int.MaxValue));
        // Some hubs give every call the number 0, and some give none: then the id tells them apart.
        var isNew = _tool < 0 || (id is { Length: > 0 } && id != _toolId) || (number >= 0 && _hubsTool >= 0 && number > _hubsTool);
        if (isNew)
        {
            if (function.Text("name") is not { Length: > 0 } name)
            {
                Fault = HubFault.Unreadable("A tool call of the stream has no name.");
                return;
            }

            (_toolId, _hubsTool) = (id is { Length: > 0 } ? id : $"call_{queryId}_{_tool + 1}", number);
            _answer.Tool(output, ++_tool, _toolId, name);
        }
        else if (number >= 0 && _hubsTool >= 0 && number != _hubsTool)
        {
            Fault = HubFault.Unreadable("The stream goes back to a tool call that it had left.");
            return;
        }

        if (OpenAiChatAnswers.ArgumentsOf(function) is { Length: > 0 } piece)
            _answer.ToolArguments(output, _tool, piece);
    }
}
