using System.Text.Json;
using Keypace.Domain;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// What the gateway must know of a JSON body, found in one pass without building a document: where <c>model</c> stands, whether
/// the answer streams, and where an agent's system prompt would go.
/// </summary>
internal readonly record struct BodyScan(
    string? Model,
    BodyScan.Span ModelValue,
    BodyScan.Span ModelMember,
    bool Stream,
    int MessagesStart,
    bool MessagesEmpty,
    BodyScan.Span Instructions,
    BodyScan.Span Prompt,
    int ObjectStart,
    bool ObjectEmpty)
{
    /// <summary>The value of <c>stream_options</c>; none when it is absent.</summary>
    public Span StreamOptions { get; init; } = Span.None;

    /// <summary>Where in an object of stream options a member could go; negative when they are no object.</summary>
    public int StreamOptionsStart { get; init; } = -1;

    public bool StreamOptionsEmpty { get; init; }

    /// <summary>The value of <c>stream_options.include_usage</c>; none when it is absent.</summary>
    public Span IncludeUsage { get; init; } = Span.None;

    /// <summary>The value of Anthropic's <c>system</c>, a text, a list, or null; none when it is absent.</summary>
    public Span System { get; init; } = Span.None;

    /// <summary>True when <see cref="System"/> is more than null.</summary>
    public bool HasSystem { get; init; }

    /// <summary>True when there are instructions, of whatever kind.</summary>
    public bool HasInstructions { get; init; }

    /// <summary>True when the caller asks for token counts in the stream.</summary>
    public bool AsksForUsage { get; init; }

    /// <summary>Deeper than any tool schema in use, shallow enough that no parser behind us is hurt.</summary>
    public const int MaxDepth = 128;

    /// <param name="At">Offset of the first byte; negative when the member is not there.</param>
    public readonly record struct Span(int At, int Length)
    {
        public static readonly Span None = new(-1, 0);

        public bool Exists => At >= 0;
    }

    public static Outcome<BodyScan> Of(ReadOnlySpan<byte> body)
    {
        try
        {
            return Scan(body);
        }
        catch (JsonException failure)
        {
            var place = failure.LineNumber is { } line ? $" (line {line + 1}, byte {failure.BytePositionInLine + 1})" : "";
            return new Refusal(RefusalReason.Malformed, "invalid_json",
                $"The body is not JSON that can be read{place}. It must be one JSON object, nested at most {MaxDepth} levels.");
        }
        catch (InvalidOperationException)   // text that is not UTF-8, or half a surrogate pair
        {
            return new Refusal(RefusalReason.Malformed, "invalid_json", "The body holds text that is not valid UTF-8. Encode it as UTF-8.");
        }
    }

    private static Outcome<BodyScan> Scan(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            return new Refusal(RefusalReason.Malformed, "invalid_json", "The body must be a JSON object with a \"model\".");

        var scan = new BodyScan(null, Span.None, Span.None, false, -1, false, Span.None, Span.None, (int)reader.TokenStartIndex, true);
        var seen = 0;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var memberAt = (int)reader.TokenStartIndex;
            scan = scan with { ObjectEmpty = false };
            if (BodyMembers.Of(reader) is { } member)
            {
                if ((seen & (1 << member.Number)) != 0)
                    return BodyMembers.Twice(member.Name);
                seen |= 1 << member.Number;
            }

            if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                if (reader.TokenType is not JsonTokenType.String)
                    return Refusal.Field("model", "\"model\" must be a string, such as \"agent/NAME\" or \"openai/gpt-4.1-mini\".", "string_type", "invalid_model") with { Reason = RefusalReason.Malformed };
                scan = scan with
                {
                    Model = reader.GetString(),
                    ModelValue = Here(reader),
                    ModelMember = new Span(memberAt, (int)reader.BytesConsumed - memberAt),
                };
            }
            else if (reader.ValueTextEquals("stream"u8))
            {
                reader.Read();
                scan = scan with { Stream = reader.TokenType is JsonTokenType.True };
                reader.Skip();
            }
            else if (reader.ValueTextEquals("stream_options"u8))
            {
                reader.Read();
                if (WithStreamOptions(scan, ref reader) is not { } withOptions)
                    return BodyMembers.Twice("include_usage");
                scan = withOptions;
            }
            else if (reader.ValueTextEquals("messages"u8))
            {
                reader.Read();
                if (reader.TokenType is JsonTokenType.StartArray)
                {
                    var start = (int)reader.BytesConsumed;
                    var first = reader;
                    first.Read();
                    scan = scan with { MessagesStart = start, MessagesEmpty = first.TokenType is JsonTokenType.EndArray };
                }

                reader.Skip();
            }
            else if (reader.ValueTextEquals("system"u8))
            {
                reader.Read();
                var (start, isThere) = ((int)reader.TokenStartIndex, reader.TokenType is not JsonTokenType.Null);
                reader.Skip();
                scan = scan with { System = new Span(start, (int)reader.BytesConsumed - start), HasSystem = isThere };
            }
            else if (reader.ValueTextEquals("instructions"u8) || reader.ValueTextEquals("prompt"u8))
            {
                var isPrompt = reader.ValueTextEquals("prompt"u8);
                scan = scan with { HasInstructions = scan.HasInstructions || !isPrompt };
                reader.Read();
                if (reader.TokenType is JsonTokenType.String || (!isPrompt && reader.TokenType is JsonTokenType.Null))
                    scan = isPrompt ? scan with { Prompt = Here(reader) } : scan with { Instructions = Here(reader) };
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        // Anything after the object is an error that the reader reports by itself.
        while (reader.Read())
        {
        }

        return scan;
    }

    private static BodyScan? WithStreamOptions(BodyScan scan, ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        scan = scan with { StreamOptionsStart = -1, StreamOptionsEmpty = true, IncludeUsage = Span.None, AsksForUsage = false };
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reader.Skip();
            return scan with { StreamOptions = new Span(start, (int)reader.BytesConsumed - start) };
        }

        scan = scan with { StreamOptionsStart = start + 1 };
        var hasUsage = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("include_usage"u8);
            if (BodyMembers.Is(reader, BodyMembers.IncludeUsage))
            {
                if (hasUsage)
                    return null;
                hasUsage = true;
            }

            reader.Read();
            var value = (int)reader.TokenStartIndex;
            var isTrue = reader.TokenType is JsonTokenType.True;
            reader.Skip();
            scan = scan with { StreamOptionsEmpty = false };
            if (isUsage)
                scan = scan with { IncludeUsage = new Span(value, (int)reader.BytesConsumed - value), AsksForUsage = isTrue };
        }

        return scan with { StreamOptions = new Span(start, (int)reader.BytesConsumed - start) };
    }

    private static Span Here(in Utf8JsonReader reader) =>
        new((int)reader.TokenStartIndex, (int)reader.BytesConsumed - (int)reader.TokenStartIndex);
}
