using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>Opens a caller's body for a translation and keeps it open as long as that takes.</summary>
internal static class ChatQuestions
{
    private static readonly Refusal NoJson = new(RefusalReason.Malformed, "invalid_json",
        "The body is not JSON that can be read: it must be one JSON object, nested at most 128 levels, no member twice.");

    /// <param name="translate">Its result counts only if no problem was noted.</param>
    /// <param name="needsModel">False for a hub that may be asked without a model's name.</param>
    public static Outcome<NativeChat> Read(
        ReadOnlyMemory<byte> body, ChatSetting setting, Func<ChatRequest, AnswerForm, ChatProblems, NativeChat> translate, bool needsModel = true)
    {
        try
        {
            using var document = JsonDocument.Parse(WellFormedJson.Of(body), ChatJson.Strict);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return NoJson;
            var problems = new ChatProblems(setting.HubName, setting.Language, setting.Drops);
            if (setting.Language.Read(document.RootElement, problems) is not { } request)
                return problems.First!;
            if (needsModel && request.Model.ValueKind is not JsonValueKind.String)
            {
                problems.Wrong("model", "the hub's name for a model");
                return problems.First!;
            }

            var native = translate(request, setting.Language.Form(document.RootElement, request, setting), problems);
            return problems.First is { } refusal ? refusal : native with { ErrorForm = setting.Language.ErrorForm };
        }
        catch (JsonException)
        {
            return NoJson;
        }
        catch (InvalidOperationException)   // an escaped half of a surrogate pair, which is no text
        {
            return NoJson;
        }
    }
}
