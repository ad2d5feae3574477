using Keypace.Domain.Protocols.Anthropic;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Domain.Protocols.OpenAi;
using Keypace.Domain.Protocols.Responses;

namespace Keypace.Domain.Protocols;

/// <summary>The languages that callers may speak.</summary>
public static class CallerLanguages
{
    /// <summary>OpenAI's chat completions.</summary>
    public static readonly CallerLanguage Chat = new ChatLanguage();

    /// <summary>Anthropic's messages.</summary>
    public static readonly CallerLanguage Messages = new MessagesLanguage();

    /// <summary>OpenAI's responses, without anything stored.</summary>
    public static readonly CallerLanguage Responses = new ResponsesLanguage();
}
