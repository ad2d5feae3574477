using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>Token counts as they come in, one usage object after another, in five dialects (Bedrock writes the third in camelCase, Cohere the second one level deeper).</summary>
internal struct TokenTally
{
    // Counts beyond this are not tokens but nonsense.
    private const long MostTokens = 1_000_000_000_000;

    private long? _prompt;
    private long? _completion;
    private long? _total;
    private long? _input;
    private long? _output;
    private long? _cacheRead;
    private long? _cacheWritten;
    private long? _candidates;
    private long? _thoughts;

    // The messages dialect counts what it took from or put into a cache apart from its input; the others within it.
    public readonly long? Prompt => _prompt ?? (_input is { } input ? input + (_cacheRead ?? 0) + (_cacheWritten ?? 0) : null);

    // Google counts a model's thoughts apart from its answers.
    public readonly long? Completion => _completion ?? _output ?? (_candidates is null && _thoughts is null ? null : (_candidates ?? 0) + (_thoughts ?? 0));

    public readonly long? Total => _total ?? (Prompt + Completion);

    /// <summary>Takes one object. Later counts replace earlier ones: a stream reports them again as they grow.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue;   // the end of an object
                if (reader.ValueTextEquals("prompt_tokens"u8))
                    Take(ref reader, ref _prompt);
                else if (reader.ValueTextEquals("completion_tokens"u8))
                    Take(ref reader, ref _completion);
                else if (reader.ValueTextEquals("total_tokens"u8))
                    Take(ref reader, ref _total);
                else if (reader.ValueTextEquals("input_tokens"u8))
                    Take(ref reader, ref _input);
                else if (reader.ValueTextEquals("output_tokens"u8))
                    Take(ref reader, ref _output);
                else if (reader.ValueTextEquals("inputTokens"u8))
                    Take(ref reader, ref _input);
                else if (reader.ValueTextEquals("outputTokens"u8))
                    Take(ref reader, ref _output);
                else if (reader.ValueTextEquals("cacheReadInputTokens"u8))
                    Take(ref reader, ref _cacheRead);
                else if (reader.ValueTextEquals("cacheWriteInputTokens"u8))
                    Take(ref reader, ref _cacheWritten);
                else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
                    Take(ref reader, ref _cacheRead);
                else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
                    Take(ref reader, ref _cacheWritten);
                else if (reader.ValueTextEquals("promptTokenCount"u8))
                    Take(ref reader, ref _prompt);
                else if (reader.ValueTextEquals("candidatesTokenCount"u8))
                    Take(ref reader, ref _candidates);
                else if (reader.ValueTextEquals("thoughtsTokenCount"u8))
                    Take(ref reader, ref _thoughts);
                else if (reader.ValueTextEquals("totalTokenCount"u8))
                    Take(ref reader, ref _total);
                else if (!reader.ValueTextEquals("tokens"u8) || !IsObject(ref reader))
                    reader.Skip();
            }
        }
        catch (JsonException)
        {
            // A hub that writes broken JSON gets no counts; its answer passes all the same.
        }
    }

    /// <summary>Steps to the member's value; true when its own members are next.</summary>
    private static bool IsObject(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.StartObject;

    private static void Take(ref Utf8JsonReader reader, ref long? count)
    {
        reader.Read();
        // Some hubs write 5.0.
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var tokens) && tokens is >= 0 and <= MostTokens && tokens == Math.Floor(tokens))
            count = (long)tokens;
        else
            reader.Skip();
    }
}
