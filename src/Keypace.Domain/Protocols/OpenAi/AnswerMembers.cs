using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>What the beginning of a text says about being an answer.</summary>
internal enum AnswerFound
{
    /// <summary>It is one, and something is in it.</summary>
    Yes,

    /// <summary>What came so far does not tell.</summary>
    NotYet,

    /// <summary>Its lists are empty or not there, or what came is no object.</summary>
    No,
}

/// <summary>
/// Looks for what makes an object an answer of one of the routes, by its place and value: a list with something in it as <c>choices</c>, <c>data</c>
/// (embeddings), <c>output</c> or <c>content</c> (Anthropic's messages), or the word <c>response</c> as <c>object</c> (a response may hold an error and is one all the same). Reads from the
/// front, no further than needed, and allocates nothing.
/// </summary>
internal static class AnswerMembers
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 128 };

    /// <summary>The names of those lists.</summary>
    public static readonly IReadOnlyList<string> Lists = ["choices", "data", "output", "content"];

    public static AnswerFound In(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(Deep));
            if (!reader.Read())
                return AnswerFound.NotYet;
            if (reader.TokenType is not JsonTokenType.StartObject)
                return AnswerFound.No;
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndObject)
                    return AnswerFound.No;
                var isList = reader.ValueTextEquals("choices"u8) || reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("output"u8) || reader.ValueTextEquals("content"u8);
                var isObject = reader.ValueTextEquals("object"u8);
                if (!reader.Read())
                    break;
                if (isObject && reader.TokenType is JsonTokenType.String && reader.ValueTextEquals("response"u8))
                    return AnswerFound.Yes;
                if (isList && reader.TokenType is JsonTokenType.StartArray)
                {
                    // Null is no element.
                    while (reader.Read() && reader.TokenType is JsonTokenType.Null)
                    {
                    }

                    if (reader.TokenType is JsonTokenType.EndArray)
                        continue;
                    return reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null ? AnswerFound.NotYet : AnswerFound.Yes;
                }

                if (!reader.TrySkip())
                    break;
            }

            return AnswerFound.NotYet;
        }
        catch (JsonException)
        {
            return AnswerFound.No;
        }
    }
}
