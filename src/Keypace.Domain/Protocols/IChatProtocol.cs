using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols;

/// <summary>
/// A hub's language for chat, behind a caller's. Pure: no clock, no sockets; one instance serves all queries. Where caller and hub
/// speak the same language there is none, and the bytes pass untouched. A new one gets a word in <see cref="HubProtocol"/> and a line in <see cref="ChatProtocols"/>.
/// </summary>
public interface IChatProtocol
{
    /// <summary>Turns a caller's query into the hub's.</summary>
    /// <param name="body">A JSON object in the language of <paramref name="setting"/>, model and agent's system prompt already in it.</param>
    /// <returns>The hub's query, or a refusal that names the member which the hub has no place for. Nothing is dropped without a word.</returns>
    Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting);
}

/// <summary>What a translation may depend on besides the body.</summary>
/// <param name="HubName">The hub's name for people.</param>
/// <param name="Config">The key's public hub_config fields (masks may stand among them).</param>
/// <param name="QueryId">Unique for each query: letters, digits and hyphens, 2 to 100 characters.</param>
/// <param name="Now">When the query came in; the answer's <c>created</c>.</param>
public sealed record ChatSetting(string HubName, HubAccess Access, IReadOnlyDictionary<string, string> Config, string QueryId, DateTimeOffset Now)
{
    /// <summary>The caller's.</summary>
    public CallerLanguage Language { get; init; } = CallerLanguages.Chat;

    /// <summary>What may be left out where the hub has no place for it.</summary>
    public DropList Drops { get; init; } = DropList.None;

    /// <summary>What a hub that speaks OpenAI's chat calls the bound on an answer's tokens.</summary>
    public string MostTokensMember { get; init; } = "max_tokens";

    /// <summary>True for a hub that speaks OpenAI's chat and counts a stream's tokens only when asked.</summary>
    public bool AsksForUsage { get; init; }
}

/// <summary>A query in the hub's own language.</summary>
/// <param name="Path">Under the key's address, percent-encoded, without a slash in front.</param>
/// <param name="Body">JSON.</param>
/// <param name="Accept">The answer's media type.</param>
/// <param name="Streams">True when the caller gets the answer as a stream of chunks.</param>
/// <param name="Answers">Reads what comes back.</param>
public sealed record NativeChat(string Path, ReadOnlyMemory<byte> Body, string Accept, bool Streams, NativeAnswers Answers)
{
    /// <summary>How the caller's streams say that something went wrong.</summary>
    public StreamErrorForm ErrorForm { get; init; }

    /// <summary>The hub is asked to count a stream's tokens by an option that it may not know.</summary>
    public bool AsksForUsage { get; init; }
}

/// <summary>Reads the hub's answers to one query and says them in the caller's words.</summary>
public abstract class NativeAnswers
{
    /// <summary>A whole answer with a status of success.</summary>
    /// <param name="completion">The answer in the caller's language; null with a fault.</param>
    /// <param name="fault">What is wrong with the answer, also when it is an error in spite of its status; null otherwise.</param>
    public abstract bool TryRead(ReadOnlyMemory<byte> body, out byte[]? completion, out HubFault? fault);

    /// <summary>For an answer with a status of success that comes in pieces. One for each sending.</summary>
    public abstract NativePieces Pieces();

    /// <summary>An answer with any other status.</summary>
    /// <param name="headerOf">Value of a header, null when absent.</param>
    /// <param name="body">As far as it was read; may be cut off, HTML, or empty.</param>
    public abstract HubFault Fault(int status, Func<string, string?> headerOf, ReadOnlyMemory<byte> body);
}

/// <summary>
/// An answer in pieces, cut anywhere, said again as events of the caller's language. Holds back no more than one event; after a
/// fault it takes nothing more. Not thread-safe.
/// </summary>
public abstract class NativePieces : IDisposable
{
    /// <summary>What went wrong, in the stream or with it; null while all is well.</summary>
    public HubFault? Fault { get; protected set; }

    /// <summary>True once the whole answer was said: what comes after does not matter.</summary>
    public bool IsWhole { get; protected set; }

    /// <summary>Takes the next piece and writes the events that are whole now.</summary>
    public abstract void Feed(ReadOnlySpan<byte> piece, System.Buffers.IBufferWriter<byte> output);

    /// <summary>The hub closed the stream: either everything was said, or this is a fault.</summary>
    public abstract void End(System.Buffers.IBufferWriter<byte> output);

    public abstract void Dispose();
}
