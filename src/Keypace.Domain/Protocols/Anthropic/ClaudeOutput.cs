using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>What Claude's models take of how an answer shall be made, at Anthropic and at Bedrock alike.</summary>
internal static class ClaudeOutput
{
    /// <summary>The effort to write; null for none. What there is no place for is noted.</summary>
    public static string? Effort(ChatRequest request, ChatProblems problems)
    {
        if (request.WantsJson)
            problems.NoPlace("response_format", "Give a schema (type json_schema), or ask for JSON in the prompt");
        if (request.Effort is not ("none" or "minimal"))
            return request.Effort;
        problems.NoPlace("reasoning_effort", "It can be low, medium, high, xhigh here");
        return null;
    }
}
