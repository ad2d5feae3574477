using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// What a query will need of limits of tokens, estimated before it is sent; settled with the hub's own count at its end. Only asked
/// where a rate group has such limits.
/// </summary>
internal static class TokenNeed
{
    /// <summary>What hubs themselves assume of ordinary text.</summary>
    private const int BytesPerToken = 4;

    /// <summary>An image or file costs a hub about so many tokens, however long its base64 is.</summary>
    private const int TokensPerAttachment = 1_500;

    private const int MostGenerations = 128;

    /// <param name="model">The hub's own name, where it is known already.</param>
    public static QueryNeed Of(ReadOnlySpan<byte> body, string? model, bool hasAnswer, PacedGroup group)
    {
        var asked = Read(body);
        var (name, input) = (model ?? asked.Model, Math.Min(InputTokens(body), Quota.MostLimit));
        return new QueryNeed(name, input, hasAnswer ? Output(asked, name, input, group) : 0);
    }

    /// <summary>
    /// What it allows at most; else the most that could come. A guess takes no more than a quarter of a limit.
    /// </summary>
    private static long Output(in Asked asked, string? model, long input, PacedGroup group)
    {
        var generations = Math.Clamp(asked.Generations, 1, MostGenerations);
        var output = Math.Min(group.EstimateOutput(model ?? "", asked.MostTokens, Pacer.UnknownAnswer), Quota.MostLimit) * generations;
        return Math.Clamp(output, 0, asked.MostTokens is null ? Math.Max(0, group.MostGuess(model, input)) : Quota.MostLimit);
    }

    /// <summary>The estimate gives way to the hub's own count; it stays where the hub gives none. Refusals cost no tokens.</summary>
    /// <param name="isWhole">False for an answer that was cut, by whomever: what it had counted until then is not all, so at least what was reserved is.</param>
    public static void Settle(Turn turn, int status, bool isWhole, UsageScanner? usage)
    {
        if (status >= 400)
        {
            turn.Settle(0, 0);
            return;
        }

        if (usage is null || (usage.PromptTokens ?? usage.CompletionTokens ?? usage.TotalTokens) is null)
            return;
        var (input, output) = (usage.PromptTokens ?? 0, usage.CompletionTokens ?? Math.Max(0, (usage.TotalTokens ?? 0) - (usage.PromptTokens ?? 0)));
        if (isWhole)
            turn.Settle(input, output);
        else if (input > turn.Need.InputTokens || output > turn.Need.OutputTokens)
            turn.Settle(Math.Max(input, turn.Need.InputTokens), Math.Max(output, turn.Need.OutputTokens));
    }

    internal static long InputTokens(ReadOnlySpan<byte> body)
    {
        var tokens = 0L;
        while (body.IndexOf(";base64,"u8) is >= 0 and var at)
        {
            tokens += (at / BytesPerToken) + TokensPerAttachment;
            body = body[(at + ";base64,"u8.Length)..];
            var end = body.IndexOf((byte)'"');
            body = end < 0 ? [] : body[end..];
        }

        return tokens + ((body.Length + BytesPerToken - 1) / BytesPerToken);
    }

    private static Asked Read(ReadOnlySpan<byte> body)
    {
        var asked = new Asked { Generations = 1 };
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = BodyScan.MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return asked;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                // The names of OpenAI's chat, completions and responses, Anthropic's messages, and Gemini's and Bedrock's plain forms.
                var isMost = reader.ValueTextEquals("max_tokens"u8) || reader.ValueTextEquals("max_completion_tokens"u8)
                    || reader.ValueTextEquals("max_output_tokens"u8) || reader.ValueTextEquals("max_new_tokens"u8);
                var isModel = reader.ValueTextEquals("model"u8);
                var isCount = reader.ValueTextEquals("n"u8);
                reader.Read();
                if (isMost && reader.TokenType is JsonTokenType.Number && reader.TryGetInt64(out var most) && most >= 0)
                    asked.MostTokens = Math.Max(asked.MostTokens ?? 0, most);
                else if (isModel && reader.TokenType is JsonTokenType.String)
                    asked.Model = reader.GetString();
                else if (isCount && reader.TokenType is JsonTokenType.Number && reader.TryGetInt32(out var count))
                    asked.Generations = count;
                reader.Skip();
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // Not JSON: it is the hub's to refuse. What was read so far is the estimate.
        }

        return asked;
    }

    private struct Asked
    {
        public string? Model;
        public long? MostTokens;
        public int Generations;
    }
}
