using System.Buffers;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Server.Gateway.Contract;

/// <summary>A contract query as OpenAI's chat completion, and the answer read back.</summary>
internal static class ChatBody
{
    /// <param name="access">A hub with a language of its own is told only what the caller chose: many of its models refuse both numbers at once, or either.</param>
    public static byte[] Of(ContractQuery asked, HubProfile hub, HubAccess access)
    {
        var isTranslated = access.Protocol is not HubProtocol.OpenAi;
        var buffer = new ArrayBufferWriter<byte>(asked.Messages.Length + 256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("model", asked.Model);
        writer.WritePropertyName("messages");
        writer.WriteRawValue(asked.Messages);
        if (!isTranslated || asked.Temperature != ContractQuery.UsualTemperature)
            writer.WriteNumber("temperature", asked.Temperature);
        if (!isTranslated || asked.TopP != ContractQuery.UsualTopP)
            writer.WriteNumber("top_p", asked.TopP);
        if (asked.MaxCompletionTokens is { } most)
            writer.WriteNumber(hub.MostTokensMember, most);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static bool TryRead(ReadOnlyMemory<byte> body, out string text, out TokenCount tokens)
    {
        text = "";
        tokens = new TokenCount(0, 0, 0);
        try
        {
            using var document = JsonDocument.Parse(WellFormedJson.Of(body));
            var root = document.RootElement;
            if (root.ValueKind is not JsonValueKind.Object
                || !root.TryGetProperty("choices", out var choices) || choices.ValueKind is not JsonValueKind.Array || choices.GetArrayLength() == 0
                || choices[0].ValueKind is not JsonValueKind.Object
                || !choices[0].TryGetProperty("message", out var message) || message.ValueKind is not JsonValueKind.Object)
            {
                return false;
            }

            if (message.TryGetProperty("content", out var content) && content.ValueKind is JsonValueKind.String)
                text = content.GetString() ?? "";
            if (root.TryGetProperty("usage", out var usage) && usage.ValueKind is JsonValueKind.Object)
                tokens = new TokenCount(Count(usage, "completion_tokens"), Count(usage, "prompt_tokens"), Count(usage, "total_tokens"));
            return true;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static long Count(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var count) ? count : 0;
}
