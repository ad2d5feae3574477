using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>A JSON value that knows its line, so that a mistake in a hub file can be shown where it is.</summary>
/// <param name="Line">1-based line in which the value begins.</param>
/// <param name="Text">The text of a string or number; empty otherwise.</param>
/// <param name="Members">Of an object, in the order of the file; each with the line of its name.</param>
internal sealed record HubFileNode(
    JsonValueKind Kind,
    int Line,
    string Text,
    IReadOnlyList<HubFileNode> Items,
    IReadOnlyDictionary<string, HubFileMember> Members)
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 16, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = false };
    private static readonly IReadOnlyDictionary<string, HubFileMember> NoMembers = new Dictionary<string, HubFileMember>();

    /// <summary>Reads a whole file; on a mistake gives its line and what is wrong.</summary>
    public static HubFileNode? Read(ReadOnlySpan<byte> json, out int errorLine, out string error)
    {
        error = "";
        errorLine = 0;
        if (json.StartsWith("\uFEFF"u8))
            json = json[3..];
        var reader = new Utf8JsonReader(json, Strict);
        var lines = new LineCounter(json);
        try
        {
            reader.Read();
            var root = ReadValue(ref reader, ref lines, ref error);
            errorLine = lines.Current;
            if (error.Length == 0)
                reader.Read();   // anything behind the value throws
            return error.Length == 0 ? root : null;
        }
        catch (JsonException exception)
        {
            errorLine = (int)(exception.LineNumber ?? 0) + 1;
            error = "this is not valid JSON (a comma, quote or bracket is missing or too many). Correct it here or just before";
            return null;
        }
        catch (InvalidOperationException)
        {
            errorLine = lines.Current;
            error = "a text holds bytes that are not UTF-8, or half of a surrogate pair. Save the file as UTF-8";
            return null;
        }
    }

    private static HubFileNode ReadValue(ref Utf8JsonReader reader, ref LineCounter lines, ref string error)
    {
        var line = lines.MoveTo(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new Dictionary<string, HubFileMember>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var nameLine = lines.MoveTo(reader.TokenStartIndex);
                    var name = reader.GetString()!;
                    reader.Read();
                    var value = ReadValue(ref reader, ref lines, ref error);
                    if (error.Length > 0)
                        break;
                    if (!members.TryAdd(name, new HubFileMember(nameLine, value)))
                    {
                        lines = lines with { Current = nameLine };
                        error = $"\"{name}\" stands here a second time. Keep one of them";
                        break;
                    }
                }

                return new HubFileNode(JsonValueKind.Object, line, "", [], members);
            case JsonTokenType.StartArray:
                var items = new List<HubFileNode>();
                while (error.Length == 0 && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(ReadValue(ref reader, ref lines, ref error));
                return new HubFileNode(JsonValueKind.Array, line, "", items, NoMembers);
            case JsonTokenType.String:
                return Leaf(JsonValueKind.String, line, reader.GetString()!);
            case JsonTokenType.Number:
                return Leaf(JsonValueKind.Number, line, System.Text.Encoding.ASCII.GetString(reader.ValueSpan));
            case JsonTokenType.True:
                return Leaf(JsonValueKind.True, line, "");
            case JsonTokenType.False:
                return Leaf(JsonValueKind.False, line, "");
            default:
                return Leaf(JsonValueKind.Null, line, "");
        }
    }

    private static HubFileNode Leaf(JsonValueKind kind, int line, string text) => new(kind, line, text, [], NoMembers);

    /// <summary>Counts line ends once, while the reader moves forward.</summary>
    private ref struct LineCounter(ReadOnlySpan<byte> json)
    {
        private readonly ReadOnlySpan<byte> _json = json;
        private int _counted;

        public int Current { get; set; } = 1;

        public int MoveTo(long index)
        {
            var to = (int)index;
            Current += _json[_counted..to].Count((byte)'\n');
            _counted = to;
            return Current;
        }
    }
}

internal sealed record HubFileMember(int Line, HubFileNode Value);
