namespace Keypace.Domain.Protocols.Neutral;

/// <summary>Tokens as OpenAI counts them: the prompt's include what was read from or written to a cache.</summary>
/// <param name="Reasoning">Part of <paramref name="Completion"/>; null when the hub does not say.</param>
internal readonly record struct ChatUsage(long Prompt, long Completion, long Total, long CacheRead, long CacheWritten, long? Reasoning);
