using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads a <c>chat.completion</c>, whole or in chunks, for callers who speak something else.</summary>
/// <param name="queryId">For answers without an id.</param>
internal sealed class OpenAiChatAnswers(AnswerForm form, string queryId) : NativeAnswers
{
    public override bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault)
    {
        completion = null;
        fault = null;
        using var document = JsonMembers.TryParse(body);
        var root = document?.RootElement;
        if (root.Child("choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() == 0 || choices[0].Child("message") is not { } message)
        {
            fault = OpenAiAnswers.Fault(200, body) ?? HubFault.Unreadable($"A chat completion was expected, and {HubFault.Describe(body.Span)} came.");
            return false;
        }

        var whole = new WholeAnswer(IdOf(root, queryId), root.Text("model") ?? "") { Usage = OpenAiUsage.Of(root.Child("usage")) };
        foreach (var (kind, text) in ChatTexts.In(message))
            whole.Say(kind, text);
        foreach (var call in message.Child("tool_calls") is { ValueKind: JsonValueKind.Array } calls ? calls.EnumerateArray() : default)
        {
            var function = call.Child("function");
            whole.Tool(call.Text("id") ?? "", function.Text("name") ?? "", ArgumentsOf(function) is { Length: > 0 } arguments ? arguments : "{}");
        }

        whole.FinishReason = OpenAiUsage.FinishReason(choices[0].Text("finish_reason"), whole.HasTools);
        completion = form.Write(whole);
        return true;
    }

    public override NativePieces Pieces() => new OpenAiChatPieces(form, queryId);

    public override HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body)
    {
        var fitting = status > 599 ? 502 : status;
        using (var document = JsonMembers.TryParse(body))
        {
            if (status >= 400 && document is not null && HubWords.Of(body) is { } words)
            {
                var error = document.RootElement.Child("error");
                var code = error.Text("code") ?? error.Text("type") ?? document.RootElement.Text("code") ?? document.RootElement.Text("type") ?? "hub_error";
                return new HubFault(fitting, HubFault.TypeOf(fitting), HubFault.Cleaned(code), words);
            }
        }

        if (OpenAiAnswers.Fault(fitting, body) is { } fault)
            return fault;
        return status < 400
            ? HubFault.Unreadable($"Instead of a chat completion it sent {HubFault.Describe(body.Span)} with the status {status}.")
            : new HubFault(fitting, HubFault.TypeOf(fitting), "hub_error", $"It sent {HubFault.Describe(body.Span)}.");
    }

    /// <summary>An answer's id; one made from the query's where the hub gives none.</summary>
    public static string IdOf(JsonElement? root, string queryId) => root.Text("id") is { Length: > 0 } id ? id : "chatcmpl-" + queryId;

    /// <summary>Some hubs give an object where OpenAI has a text.</summary>
    public static string? ArgumentsOf(JsonElement? function) =>
        function.Child("arguments") is { ValueKind: JsonValueKind.Object } already ? already.GetRawText() : function.Text("arguments");
}
