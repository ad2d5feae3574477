using System.Text;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Features.Agents;

/// <summary>Bounds of an agent's texts.</summary>
internal static class AgentTexts
{
    public const int MostModelCharacters = 256;
    public const int MostPromptBytes = 256 * 1024;

    public static void Check(string? modelName, string? systemPrompt, FieldProblems problems)
    {
        if (modelName is not null && (modelName.Length > MostModelCharacters || modelName.Any(char.IsControl)))
            problems.Add(["body", "model_name"], $"A model's name has at most {MostModelCharacters} characters and no control characters; empty sends none.", "value_error");
        if (systemPrompt is not null && Encoding.UTF8.GetByteCount(systemPrompt) > MostPromptBytes)
            problems.Add(["body", "agent_system_prompt"], $"A system prompt has at most {MostPromptBytes / 1024} KiB.", "value_error");
    }

    /// <summary>Nothing and white space are the same.</summary>
    public static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
