using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>
/// A language in which callers ask and are answered. What it asks is read into a <see cref="ChatRequest"/>, from which each hub's language is written; what
/// a hub answers is read into the same few terms and written by the caller's language. So nobody translates from one into another.
/// </summary>
public abstract class CallerLanguage
{
    private protected CallerLanguage()
    {
    }

    /// <summary>How its streams say that something went wrong.</summary>
    public abstract StreamErrorForm ErrorForm { get; }

    /// <summary>What it calls a query, for people: <c>a chat completion</c>.</summary>
    internal abstract string Noun { get; }

    /// <summary>Its own name for a setting that OpenAI's chat calls so.</summary>
    internal abstract string NameOf(string chatMember);

    /// <summary>Null when something was noted in the problems.</summary>
    internal abstract ChatRequest? Read(JsonElement body, ChatProblems problems);

    /// <summary>How the answer is said.</summary>
    internal abstract AnswerForm Form(JsonElement body, ChatRequest request, ChatSetting setting);
}
