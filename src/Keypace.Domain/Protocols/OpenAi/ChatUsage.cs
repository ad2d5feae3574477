using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Tokens as OpenAI counts them: the prompt's include what was read from or written to a cache.</summary>
/// <param name="Reasoning">Part of <paramref name="Completion"/>; null when the hub does not say.</param>
internal readonly record struct ChatUsage(long Prompt, long Completion, long Total, long CacheRead, long CacheWritten, long? Reasoning)
{
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", Prompt);
        writer.WriteNumber("completion_tokens", Completion);
        writer.WriteNumber("total_tokens", Total);
        writer.WriteStartObject("prompt_tokens_details");
        writer.WriteNumber("cached_tokens", CacheRead);
        writer.WriteNumber("cache_write_tokens", CacheWritten);
        writer.WriteEndObject();
        if (Reasoning is { } reasoning)
        {
            writer.WriteStartObject("completion_tokens_details");
            writer.WriteNumber("reasoning_tokens", reasoning);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
