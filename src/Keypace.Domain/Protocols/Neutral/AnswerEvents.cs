using System.Buffers;
using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>
/// Writes an answer that comes in pieces as the events of a caller's language. Called in the order of the answer: the beginning, its parts, why it
/// finished, the end. Not thread-safe.
/// </summary>
internal abstract class AnswerEvents : IDisposable
{
    public bool HasBegun { get; private set; }

    /// <summary>The first event: whose answer it is.</summary>
    public void Begin(IBufferWriter<byte> output, string id, string model)
    {
        HasBegun = true;
        WriteBegin(output, id, model);
    }

    /// <summary>Nothing is written for an empty text.</summary>
    public virtual void Say(IBufferWriter<byte> output, AnswerPart kind, JsonElement text) => Say(output, kind, text.GetString()!);

    public abstract void Say(IBufferWriter<byte> output, AnswerPart kind, string text);

    /// <param name="index">Counts the answer's tool calls from 0.</param>
    public virtual void Tool(IBufferWriter<byte> output, int index, JsonElement id, JsonElement name) => Tool(output, index, id.GetString()!, name.GetString()!);

    public abstract void Tool(IBufferWriter<byte> output, int index, string id, string name);

    /// <summary>A piece of a tool call's arguments, as it came.</summary>
    public virtual void ToolArguments(IBufferWriter<byte> output, int index, JsonElement piece) => ToolArguments(output, index, piece.GetString()!);

    public abstract void ToolArguments(IBufferWriter<byte> output, int index, string piece);

    /// <param name="reason">OpenAI's word.</param>
    public abstract void Finish(IBufferWriter<byte> output, string reason);

    /// <summary>The token counts, if the caller gets them and they are known, and the end.</summary>
    public abstract void End(IBufferWriter<byte> output, ChatUsage? usage);

    public abstract void Dispose();

    protected abstract void WriteBegin(IBufferWriter<byte> output, string id, string model);
}
