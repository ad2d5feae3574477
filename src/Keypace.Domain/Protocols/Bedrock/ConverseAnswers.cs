using System.Text.Json;
using Keypace.Domain.Protocols.OpenAi;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Reads Converse's answers.</summary>
/// <param name="queryId">Bedrock gives its answers no id.</param>
/// <param name="model">Nor does it say which model answered.</param>
/// <param name="created">Unix seconds.</param>
internal sealed class ConverseAnswers(string queryId, string model, long created, bool includeUsage) : NativeAnswers
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

        var whole = new ChatCompletion(_id, model, created);
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
        completion = whole.ToBytes();
        fault = null;
        return true;
    }

    public override NativePieces Pieces() => new ConversePieces(_id, model, created, includeUsage);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body) => AwsFaults.Of(status, headerOf, body);

    private static bool TryTake(JsonElement block, ChatCompletion whole)
    {
        if (block.Text("text") is { } text)
        {
            whole.Text(text);
        }
        else if (block.Child("toolUse") is { } use)
        {
            whole.Tool(use.Text("toolUseId") ?? "", use.Text("name") ?? "", use.Child("input")?.GetRawText() ?? "{}");
        }
        else if (block.Child("reasoningContent") is { } reasoning)
        {
            whole.Reasoning(reasoning.Child("reasoningText").Text("text") ?? "");   // redacted thoughts are for the hub's eyes
        }
        else if (block.Child("citationsContent").Child("content") is { ValueKind: JsonValueKind.Array } cited)
        {
            foreach (var part in cited.EnumerateArray())
                whole.Text(part.Text("text") ?? "");
        }
        else
        {
            return false;
        }

        return true;
    }
}
