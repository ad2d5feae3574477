using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Anthropic's messages, as callers speak them.</summary>
internal sealed class MessagesLanguage : CallerLanguage
{
    public override StreamErrorForm ErrorForm => StreamErrorForm.Messages;

    internal override string Noun => "a message";

    internal override string NameOf(string chatMember) => chatMember switch
    {
        "max_completion_tokens" => "max_tokens",
        "stop" => "stop_sequences",
        "user" => "metadata.user_id",
        "reasoning_effort" => "output_config.effort",
        _ when chatMember.StartsWith("response_format", StringComparison.Ordinal) => "output_config.format",
        _ => chatMember,
    };

    internal override ChatRequest? Read(JsonElement body, ChatProblems problems) => MessagesRequestReader.Read(body, problems);

    internal override AnswerForm Form(JsonElement body, ChatRequest request, ChatSetting setting) =>
        new MessagesForm(showsThoughts: body.Child("thinking").Text("type") is "enabled" or "adaptive");
}
