using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Reads a <c>message</c>, whole or streamed, and errors.</summary>
internal sealed class AnthropicAnswers(AnswerForm form) : NativeAnswers
{
    public override bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault)
    {
        completion = null;
        using var document = JsonMembers.TryParse(body);
        var root = document?.RootElement;
        fault = AnthropicWords.Fault(root, null);
        if (fault is not null)
            return false;
        if (root.Child("content") is not { ValueKind: JsonValueKind.Array } content || root.Text("id") is not { } id)
        {
            fault = HubFault.Unreadable($"A message was expected, and {HubFault.Describe(body.Span)} came.");
            return false;
        }

        var whole = new WholeAnswer(id, root.Text("model") ?? "");
        foreach (var block in content.EnumerateArray())
        {
            if (!TryTake(block, whole))
            {
                fault = HubFault.Unreadable($"The message holds a part of the kind \"{HubFault.Cleaned(block.Text("type") ?? "")}\", which a chat completion has no place for.");
                return false;
            }
        }

        var reason = root.Text("stop_reason");
        whole.FinishReason = AnthropicWords.FinishReason(reason);
        if (reason == "refusal")
            whole.Say(AnswerPart.Refusal, root.Child("stop_details").Text("explanation") ?? "");
        whole.Usage = AnthropicWords.Usage(root.Child("usage"));
        completion = form.Write(whole);
        return true;
    }

    public override NativePieces Pieces() => new AnthropicPieces(form);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body)
    {
        using var document = JsonMembers.TryParse(body);
        if (AnthropicWords.Fault(document?.RootElement, status) is { } fault)
            return fault;
        if (status < 400)
            return HubFault.Unreadable($"Instead of a message it sent {HubFault.Describe(body.Span)} with the status {status}.");
        var fitting = status is 529 or > 599 ? 503 : status;
        return new HubFault(fitting, HubFault.TypeOf(fitting), "hub_error", $"It sent {HubFault.Describe(body.Span)}.");
    }

    private static bool TryTake(JsonElement block, WholeAnswer whole)
    {
        switch (block.Text("type"))
        {
            case "text":
                whole.Say(AnswerPart.Text, block.Text("text") ?? "");
                return true;
            case "thinking":
                whole.Say(AnswerPart.Reasoning, block.Text("thinking") ?? "");
                return true;
            case "redacted_thinking":
                return true;   // nobody but the hub can read it
            case "tool_use":
                whole.Tool(block.Text("id") ?? "", block.Text("name") ?? "", block.Child("input")?.GetRawText() ?? "{}");
                return true;
            default:
                return false;
        }
    }
}
