using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Opens a caller's body for a translation and keeps it open as long as that takes.</summary>
internal static class ChatQuestions
{
    private static readonly Refusal NoJson = new(RefusalReason.Malformed, "invalid_json",
        "The body is not JSON that can be read: it must be one JSON object, nested at most 128 levels, no member twice.");

    /// <param name="translate">Its result counts only if no problem was noted.</param>
    public static Outcome<NativeChat> Read(ReadOnlyMemory<byte> body, string hub, Func<ChatRequest, ChatProblems, NativeChat> translate)
    {
        try
        {
            using var document = JsonDocument.Parse(WellFormedJson.Of(body), ChatJson.Strict);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return NoJson;
            var problems = new ChatProblems(hub);
            if (ChatRequestReader.Read(document.RootElement, problems) is not { } request)
                return problems.First!;
            var native = translate(request, problems);
            return problems.First is { } refusal ? refusal : native;
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
