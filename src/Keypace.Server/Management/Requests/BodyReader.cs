using System.Text.Json;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Management.Requests;

/// <summary>Reads the JSON body of a management call: bounded in size and depth, and sound to its last string before anything is taken from it.</summary>
internal static class BodyReader
{
    /// <summary>1 MiB: a key with the longest secrets, or an agent with a very long prompt, is far smaller.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Levels of nesting.</summary>
    public const int MostDepth = 64;

    /// <param name="room">The caller's, of which the body takes its size while it is read.</param>
    public static async ValueTask<Outcome<BodyFields>> ReadAsync(HttpRequest request, WaitingBodies.BodyRoom room, TimeProvider time, CancellationToken ct)
    {
        if (!(await RequestBody.ReadAsync(request, MostBytes, room, time, ct)).TryGet(out var body, out var refusal))
        {
            return refusal.Reason is RefusalReason.TooLarge
                ? refusal with { Detail = $"The request's body is larger than {MostBytes:N0} bytes, which no management call needs. Send less." }
                : refusal;
        }

        using (body)
            return Parse(body.Original);
    }

    internal static Outcome<BodyFields> Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MostDepth });
            if (!HasSoundTexts(utf8.Span))
                return InvalidJson("a text holds bytes that are not UTF-8, or half of a surrogate pair");
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return InvalidJson("it must be an object in braces");
            return new BodyFields(document.RootElement.Clone());
        }
        catch (JsonException)
        {
            return InvalidJson(utf8.IsEmpty ? "it is empty" : $"it is broken or nested more than {MostDepth} levels deep");
        }
    }

    /// <summary>The parser leaves texts as they came; those that are no Unicode would fail much later, where nobody expects it.</summary>
    private static bool HasSoundTexts(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MostDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    reader.GetString();
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static Refusal InvalidJson(string why) =>
        new(RefusalReason.Invalid, "invalid_json", $"The body cannot be read as JSON: {why}.",
            Fields: [new FieldRefusal(["body"], $"The body cannot be read as JSON: {why}.", "json_invalid")]);
}
