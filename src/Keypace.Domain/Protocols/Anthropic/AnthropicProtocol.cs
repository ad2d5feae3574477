using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Anthropic's Messages API, version 2023-06-01. Facts: https://platform.claude.com/docs/en/api/messages and the types of its SDK, 1.14.0.</summary>
internal sealed class AnthropicProtocol : IChatProtocol
{
    public Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting) =>
        ChatQuestions.Read(body, setting, (request, form, problems) =>
        {
            var native = AnthropicRequest.Write(request, problems);
            var answers = new AnthropicAnswers(form);
            var accept = request.Stream ? "text/event-stream" : "application/json";
            return new NativeChat(setting.Access.Paths.Chat ?? "messages", native, accept, request.Stream, answers);
        });
}
