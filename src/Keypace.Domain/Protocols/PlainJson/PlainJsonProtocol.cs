using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs.PlainJson;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.PlainJson;

/// <summary>
/// An endpoint that takes any JSON and answers with any JSON: the key's own template makes the request, its path finds the answer's text.
/// The template decides which settings are sent; tools, images and schemas have no place in any template and are refused.
/// </summary>
internal sealed class PlainJsonProtocol : IChatProtocol
{
    /// <summary>The key's field with the <see cref="RequestTemplate"/>.</summary>
    public const string TemplateField = "request_template";

    /// <summary>The key's field with the <see cref="AnswerPath"/>.</summary>
    public const string AnswerField = "answer_path";

    public Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting)
    {
        // Both were checked when the key was saved; a hub file may have changed since.
        if (setting.Config.GetValueOrDefault(TemplateField) is not { } template || RequestTemplate.WhyNot(template) is not null
            || setting.Config.GetValueOrDefault(AnswerField) is not { } path || AnswerPath.WhyNot(path) is not null)
        {
            return new Refusal(RefusalReason.Conflict, "key_not_complete",
                $"The key has no request template and path to the answer that can be used, which {setting.HubName} needs. Enter them in the key's fields {TemplateField} and {AnswerField}.");
        }

        var (request, answer) = (RequestTemplate.Parse(template), AnswerPath.Parse(path));
        return ChatQuestions.Read(body, setting, (query, form, problems) =>
        {
            Check(query, request, problems);
            var native = request.Fill((writer, place) => Write(writer, place, query, request), place => Text(place, query, request));
            var model = query.Model.ValueKind is JsonValueKind.String ? query.Model.GetString()! : "";
            return new NativeChat(setting.Access.Paths.Chat ?? "", native, "application/json", query.Stream,
                new PlainJsonAnswers(answer, path, setting.QueryId, model, form));
        });
    }

    private static void Check(ChatRequest query, RequestTemplate template, ChatProblems problems)
    {
        if (query.Tools.Count > 0)
            problems.NoPlace("tools");
        if (query.Schema is not null || query.WantsJson)
            problems.NoPlace("response_format");
        foreach (var block in query.Turns.SelectMany(turn => turn.Blocks))
        {
            if (block is not ChatText)
                problems.NoPlace(block.At, "Send text only");
        }

        if (query.Turns.Count > 1 && !template.Has("messages"))
            problems.NoPlace(query.Turns[0].At, "The key's template takes one question: send only that, or put {{messages}} into the template");
    }

    private static void Write(Utf8JsonWriter writer, string place, ChatRequest query, RequestTemplate template)
    {
        switch (place)
        {
            case "messages":
                writer.WriteStartArray();
                if (query.System.Count > 0 && !template.Has("system"))
                    WriteMessage(writer, "system", SystemText(query));
                foreach (var turn in query.Turns)
                    WriteMessage(writer, turn.IsAssistant ? "assistant" : "user", TextOf(turn));
                writer.WriteEndArray();
                break;
            case "temperature" when query.Temperature is { } temperature:
                temperature.WriteTo(writer);
                break;
            case "top_p" when query.TopP is { } top:
                top.WriteTo(writer);
                break;
            case "max_tokens" when query.MaxTokens is { } most:
                most.WriteTo(writer);
                break;
            case "stop" when query.Stop.Count > 0:
                writer.WriteStartArray();
                foreach (var stop in query.Stop)
                    stop.WriteTo(writer);
                writer.WriteEndArray();
                break;
            case "temperature" or "top_p" or "max_tokens" or "stop":
                writer.WriteNullValue();
                break;
            default:
                writer.WriteStringValue(Text(place, query, template));
                break;
        }
    }

    private static string Text(string place, ChatRequest query, RequestTemplate template) => place switch
    {
        "prompt" when query.System.Count > 0 && !template.Has("system") && !template.Has("messages") => SystemText(query) + "\n\n" + Prompt(query),
        "prompt" => Prompt(query),
        "system" => SystemText(query),
        "model" => query.Model.ValueKind is JsonValueKind.String ? query.Model.GetString()! : "",
        "messages" => string.Join("\n\n", query.Turns.Select(turn => $"{(turn.IsAssistant ? "Assistant" : "User")}: {TextOf(turn)}")),
        "temperature" => query.Temperature?.GetRawText() ?? "",
        "top_p" => query.TopP?.GetRawText() ?? "",
        "max_tokens" => query.MaxTokens?.GetRawText() ?? "",
        _ => string.Join("\n", query.Stop.Select(stop => stop.GetString())),
    };

    private static string Prompt(ChatRequest query) => query.Turns.LastOrDefault(turn => !turn.IsAssistant) is { } last ? TextOf(last) : "";

    private static string SystemText(ChatRequest query) => string.Join("\n\n", query.System.Select(text => text.Text.GetString()));

    private static string TextOf(ChatTurn turn)
    {
        var text = new StringBuilder();
        foreach (var block in turn.Blocks.OfType<ChatText>())
            text.Append(block.Text.GetString());
        return text.ToString();
    }

    private static void WriteMessage(Utf8JsonWriter writer, string role, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }
}
