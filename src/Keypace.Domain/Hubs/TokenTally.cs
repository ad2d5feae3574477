using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>Token counts as they come in, one usage object after another, in four dialects (Bedrock writes the third in camelCase).</summary>
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

    // The messages dialect counts what it took from or put into a cache apart from its input; the others within it.
    public readonly long? Prompt => _prompt ?? (_input is { } input ? input + (_cacheRead ?? 0) + (_cacheWritten ?? 0) : null);

    public readonly long? Completion => _completion ?? _output;

    public readonly long? Total => _total ?? (Prompt + Completion);

    /// <summary>Takes one object. Later counts replace earlier ones: a stream reports them again as they grow.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
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
                else
                    reader.Skip();
            }
        }
        catch (JsonException)
        {
            // A hub that writes broken JSON gets no counts; its answer passes all the same.
        }
    }

    private static void Take(ref Utf8JsonReader reader, ref long? count)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var tokens) && tokens is >= 0 and <= MostTokens)
            count = tokens;
        else
            reader.Skip();
    }
}
