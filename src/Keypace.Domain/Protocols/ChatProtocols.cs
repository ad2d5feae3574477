using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols.Anthropic;
using Keypace.Domain.Protocols.Bedrock;
using Keypace.Domain.Protocols.PlainJson;

namespace Keypace.Domain.Protocols;

/// <summary>The languages that hubs speak besides OpenAI's.</summary>
public static class ChatProtocols
{
    private static readonly AnthropicProtocol _anthropic = new();
    private static readonly ConverseProtocol _converse = new();
    private static readonly AgentProtocol _agent = new();
    private static readonly PlainJsonProtocol _plainJson = new();

    /// <summary>Null for a hub that speaks OpenAI's language itself.</summary>
    public static IChatProtocol? Of(HubProtocol protocol) => protocol switch
    {
        HubProtocol.OpenAi => null,
        HubProtocol.Anthropic => _anthropic,
        HubProtocol.Bedrock => _converse,
        HubProtocol.BedrockAgent => _agent,
        HubProtocol.PlainJson => _plainJson,
        _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, "No translation is built for this protocol."),
    };
}
