using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>What a message or a delta says, in the forms that hubs of OpenAI's language have: texts, lists of parts, thoughts under several names.</summary>
internal static class ChatTexts
{
    public static IEnumerable<(AnswerPart Kind, string Text)> In(JsonElement message)
    {
        if ((message.Text("reasoning_content") ?? message.Text("reasoning")) is { Length: > 0 } thoughts)
            yield return (AnswerPart.Reasoning, thoughts);
        if (message.Child("content") is { ValueKind: JsonValueKind.Array } parts)
        {
            foreach (var part in parts.EnumerateArray())
            {
                if (part.Text("type") == "thinking")
                    yield return (AnswerPart.Reasoning, TextsOf(part.Child("thinking")));
                else if (part.Text("text") is { } text)
                    yield return (AnswerPart.Text, text);
            }
        }
        else if (message.Text("content") is { Length: > 0 } content)
        {
            yield return (AnswerPart.Text, content);
        }

        if (message.Text("refusal") is { Length: > 0 } refusal)
            yield return (AnswerPart.Refusal, refusal);
    }

    private static string TextsOf(JsonElement? thinking) => thinking switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } list => string.Concat(list.EnumerateArray().Select(each => each.Text("text"))),
        _ => "",
    };
}
