using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>OpenAI's chat completions, as callers speak them.</summary>
internal sealed class ChatLanguage : CallerLanguage
{
    public override StreamErrorForm ErrorForm => StreamErrorForm.Chat;

    internal override string Noun => "a chat completion";

    internal override string NameOf(string chatMember) => chatMember;

    internal override ChatRequest? Read(JsonElement body, ChatProblems problems) => ChatRequestReader.Read(body, problems);

    internal override AnswerForm Form(JsonElement body, ChatRequest request, ChatSetting setting) =>
        new ChatForm(setting.Now.ToUnixTimeSeconds(), request.IncludeUsage);
}
