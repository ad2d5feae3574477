namespace Keypace.Domain.Hubs;

/// <summary>A hub's language for chat. Whatever is not OpenAI's is translated (<see cref="Protocols.IChatProtocol"/>).</summary>
public enum HubProtocol
{
    OpenAi,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,

    /// <summary>Amazon Bedrock's Converse and ConverseStream.</summary>
    Bedrock,

    /// <summary>Amazon Bedrock's InvokeAgent.</summary>
    BedrockAgent,

    /// <summary>Any JSON: the key's own template makes the request, its path finds the answer.</summary>
    PlainJson,
}
