using System.Text;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>What a piece of an answer is.</summary>
internal enum AnswerPart
{
    Text,

    /// <summary>The model's words for not answering.</summary>
    Refusal,

    /// <summary>The model's thoughts, as far as its hub shows them.</summary>
    Reasoning,
}

/// <summary>A whole answer, collected from a hub's words: its parts in their order, ready to be said in a caller's language.</summary>
/// <param name="model">As the hub names it.</param>
internal sealed class WholeAnswer(string id, string model)
{
    private readonly List<Part> _parts = [];

    public string Id => id;

    public string Model => model;

    public IReadOnlyList<Part> Parts => _parts;

    public bool HasTools => _parts.Any(part => part is ToolCall);

    /// <summary>OpenAI's word: <c>stop</c>, <c>length</c>, <c>tool_calls</c>, <c>content_filter</c>.</summary>
    public string FinishReason { get; set; } = "stop";

    public ChatUsage? Usage { get; set; }

    /// <summary>What belongs to the part before it is put to it.</summary>
    public void Say(AnswerPart kind, string text)
    {
        if (text.Length == 0)
            return;
        if (_parts.Count == 0 || _parts[^1] is not Said last || last.Kind != kind)
            _parts.Add(last = new Said(kind));
        last.Text.Append(text);
    }

    /// <param name="arguments">A JSON object, as text.</param>
    public void Tool(string toolId, string name, string arguments) => _parts.Add(new ToolCall(toolId, name, arguments));

    /// <summary>All that was said of one kind; empty for nothing.</summary>
    public string All(AnswerPart kind) => string.Concat(_parts.OfType<Said>().Where(said => said.Kind == kind).Select(said => said.Text.ToString()));

    public abstract record Part;

    public sealed record Said(AnswerPart Kind) : Part
    {
        public StringBuilder Text { get; } = new();
    }

    public sealed record ToolCall(string Id, string Name, string Arguments) : Part;
}
