using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>OpenAI's responses, as callers speak them. Nothing is stored, so nothing can be continued.</summary>
internal sealed class ResponsesLanguage : CallerLanguage
{
    public override StreamErrorForm ErrorForm => StreamErrorForm.Responses;

    internal override string Noun => "a response";

    internal override string NameOf(string chatMember) => chatMember switch
    {
        "max_completion_tokens" => "max_output_tokens",
        "messages" => "input",
        "reasoning_effort" => "reasoning.effort",
        _ when chatMember.StartsWith("response_format", StringComparison.Ordinal) => "text.format",
        _ => chatMember,
    };

    internal override ChatRequest? Read(JsonElement body, ChatProblems problems) => ResponsesRequestReader.Read(body, problems);

    internal override AnswerForm Form(JsonElement body, ChatRequest request, ChatSetting setting) =>
        new ResponsesForm(setting.QueryId, setting.Now.ToUnixTimeSeconds(), ResponseEcho.Of(body));
}
