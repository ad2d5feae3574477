using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Reads Converse's answers.</summary>
/// <param name="queryId">Bedrock gives its answers no id.</param>
/// <param name="model">Nor does it say which model answered.</param>
internal sealed class ConverseAnswers(string queryId, string model, AnswerForm form) : NativeAnswers
{
    private readonly string _id = "chatcmpl-" + queryId;

    public override bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault)
    {
        completion = null;
        using var document = JsonMembers.TryParse(body);
        var root = document?.RootElement;
        if (root.Child("output").Child("message").Child("content") is not { ValueKind: JsonValueKind.Array } content)
        {
            fault = root is not null && (root.Text("__type") ?? root.Text("message")) is not null
                ? AwsFaults.Of(502, _ => null, body)
                : HubFault.Unreadable($"A Converse answer was expected, and {HubFault.Describe(body.Span)} came.");
            return false;
        }

        var whole = new WholeAnswer(_id, model);
        foreach (var block in content.EnumerateArray())
        {
            if (!TryTake(block, whole))
            {
                fault = HubFault.Unreadable("The answer holds a part that a chat completion has no place for.");
                return false;
            }
        }

        var reason = root.Text("stopReason");
        if (ConverseWords.FinishReason(reason) is not { } finish)
        {
            fault = ConverseWords.Malformed(reason!);
            return false;
        }

        whole.FinishReason = finish;
        whole.Usage = ConverseWords.Usage(root.Child("usage"));
        completion = form.Write(whole);
        fault = null;
        return true;
    }

    public override NativePieces Pieces() => new ConversePieces(_id, model, form);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body) => AwsFaults.Of(status, headerOf, body);

    private static bool TryTake(JsonElement block, WholeAnswer whole)
    {
        if (block.Text("text") is { } text)
        {
            whole.Say(AnswerPart.Text, text);
        }
        else if (block.Child("toolUse") is { } use)
        {
            whole.Tool(use.Text("toolUseId") ?? "", use.Text("name") ?? "", use.Child("input")?.GetRawText() ?? "{}");
        }
        else if (block.Child("reasoningContent") is { } reasoning)
        {
            whole.Say(AnswerPart.Reasoning, reasoning.Child("reasoningText").Text("text") ?? "");   // redacted thoughts are for the hub's eyes
        }
        else if (block.Child("citationsContent").Child("content") is { ValueKind: JsonValueKind.Array } cited)
        {
            foreach (var part in cited.EnumerateArray())
                whole.Say(AnswerPart.Text, part.Text("text") ?? "");
        }
        else
        {
            return false;
        }

        return true;
    }
}
