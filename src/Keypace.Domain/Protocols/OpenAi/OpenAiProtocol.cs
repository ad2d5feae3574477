using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Hubs that speak OpenAI's chat completions, for callers who speak something else.</summary>
internal sealed class OpenAiProtocol : IChatProtocol
{
    public Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting) =>
        ChatQuestions.Read(body, setting, (request, form, problems) =>
        {
            var native = ChatRequestWriter.Write(request, setting, problems);
            var accept = request.Stream ? "text/event-stream" : "application/json";
            var path = setting.Access.PathOf("chat/completions") ?? "chat/completions";
            if (request.Model.ValueKind is System.Text.Json.JsonValueKind.String)
                path = path.Replace("{model}", Uri.EscapeDataString(request.Model.GetString()!), StringComparison.Ordinal);
            return new NativeChat(path, native, accept, request.Stream, new OpenAiChatAnswers(form, setting.QueryId)) { AsksForUsage = request.Stream && setting.AsksForUsage };
        }, needsModel: setting.Access.Paths.Chat?.Contains("{model}", StringComparison.Ordinal) == true);
}
