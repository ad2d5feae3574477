using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols.Anthropic;
using Keypace.Domain.Protocols.Bedrock;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Domain.Protocols.OpenAi;
using Keypace.Domain.Protocols.PlainJson;

namespace Keypace.Domain.Protocols;

/// <summary>The languages that hubs speak.</summary>
public static class ChatProtocols
{
    private static readonly OpenAiProtocol _openAi = new();
    private static readonly AnthropicProtocol _anthropic = new();
    private static readonly ConverseProtocol _converse = new();
    private static readonly AgentProtocol _agent = new();
    private static readonly PlainJsonProtocol _plainJson = new();

    /// <summary>Null where caller and hub speak the same language: then the bytes pass as they are.</summary>
    public static IChatProtocol? Between(CallerLanguage caller, HubProtocol hub) =>
        (hub is HubProtocol.OpenAi && caller == CallerLanguages.Chat) || (hub is HubProtocol.Anthropic && caller == CallerLanguages.Messages) ? null : Of(hub);

    public static IChatProtocol Of(HubProtocol protocol) => protocol switch
    {
        HubProtocol.OpenAi => _openAi,
        HubProtocol.Anthropic => _anthropic,
        HubProtocol.Bedrock => _converse,
        HubProtocol.BedrockAgent => _agent,
        HubProtocol.PlainJson => _plainJson,
        _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "No translation is built for this protocol."),
    };
}
