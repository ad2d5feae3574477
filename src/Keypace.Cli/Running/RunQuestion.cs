using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Keypace.Cli.Commands;
using Keypace.Contracts;

namespace Keypace.Cli.Running;

/// <summary>One line of a file of prompts, as it is sent.</summary>
/// <param name="Line">Its number in the file, from 1.</param>
/// <param name="CustomId">The line's own id; null when it has none.</param>
/// <param name="Path">The route it goes to.</param>
/// <param name="Body">JSON, UTF-8.</param>
/// <param name="Fingerprint">The same for the same question to the same model; what an answer on disk is recognized by.</param>
internal sealed record RunQuestion(long Line, string? CustomId, string Path, byte[] Body, string Fingerprint)
{
    private const string Chat = "/v1/chat/completions";

    private static readonly string[] s_paths = [Chat, "/v1/completions", "/v1/embeddings", "/v1/responses"];

    // Where other tools' files have the question.
    private static readonly string[] s_elsewhere = ["question", "input", "instruction", "text", "query", "content", "vars", "conversations", "turns"];

    // What is Keypace's or the line's own, and what would stream; the rest of a line is the hub's.
    private static readonly string[] s_notForHub = ["custom_id", "id", "prompt", "system", "stream", "stream_options"];

    /// <summary>
    /// Reads a line: a JSON string (the prompt), an object with <c>prompt</c> or <c>messages</c> and other members of a chat body, or a line of
    /// OpenAI's batch files (<c>custom_id</c>, <c>method</c>, <c>url</c>, <c>body</c>).
    /// </summary>
    /// <param name="asked">Its model stands above the line's own.</param>
    /// <exception cref="CommandFailure">It is none of these. Says which line, and repeats nothing of it.</exception>
    public static RunQuestion Read(ByteLine line, string file, Asked asked)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line.Bytes);
        }
        catch (JsonException broken)
        {
            throw Wrong(line, file, $"is not JSON (at byte {broken.BytePositionInLine + 1}). Each line holds one JSON string or object");
        }

        using (document)
        {
            try
            {
                return Read(document.RootElement, line, file, asked);
            }
            catch (InvalidOperationException)
            {
                throw Wrong(line, file, "has a member whose name is no text (half of a surrogate pair)");
            }
        }
    }

    private static RunQuestion Read(JsonElement root, ByteLine line, string file, Asked asked)
    {
        switch (root.ValueKind)
        {
            case JsonValueKind.String:
                return Make(line, file, asked, null, Chat, default, JsonText.Of(root), null);
            case JsonValueKind.Object:
                break;
            default:
                throw Wrong(line, file, root.ValueKind == JsonValueKind.Array
                    ? "is a list. Each line holds one JSON string or object; write the list's entries one a line" : "is neither a string nor an object");
        }

        var id = Id(root, "custom_id") ?? Id(root, "id");
        if (root.TryGetProperty("body", out var body))
        {
            return body.ValueKind == JsonValueKind.Object
                ? Make(line, file, asked, id, BatchPath(root, line, file), body, null, null)
                : throw Wrong(line, file, "has a \"body\" that is no object");
        }

        if (root.TryGetProperty("messages", out var messages))
        {
            return messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() > 0
                ? Make(line, file, asked, id, Chat, root, null, null)
                : throw Wrong(line, file, "has \"messages\" that are no list with something in it");
        }

        return root.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String
            ? Make(line, file, asked, id, Chat, root, JsonText.Of(prompt), Text(root, "system"))
            : throw Wrong(line, file, "has no \"prompt\", \"messages\" or \"body\"" + Hint(root));
    }

    /// <summary>A question that is a prompt, from a table.</summary>
    /// <param name="model">The row's own; null where it has none.</param>
    /// <exception cref="CommandFailure">No model is named.</exception>
    public static RunQuestion Of(long line, string file, Asked asked, string? id, string? model, string prompt, string? system) =>
        Make(line, file, asked, id, Chat, default, model, prompt, system);

    private static RunQuestion Make(ByteLine line, string file, Asked asked, string? id, string path, JsonElement members, string? prompt, string? system) =>
        Make(line.Number, file, asked, id, path, members, members.ValueKind == JsonValueKind.Object ? Text(members, "model") : null, prompt, system);

    private static RunQuestion Make(
        long line, string file, Asked asked, string? id, string path, JsonElement members, string? ownModel, string? prompt, string? system)
    {
        var model = asked.BodyModel ?? ownModel ?? throw Wrong(line, file, "names no model. Give --agent NAME or --model HUB/MODEL");
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("model", model);
            if (prompt is not null)
                WriteMessages(writer, prompt, system);

            if (members.ValueKind == JsonValueKind.Object)
            {
                // In a body everything is the hub's but the model and streaming; beside a prompt the line's own members are not.
                foreach (var member in members.EnumerateObject().Where(member => member.Name is not "model" && !(IsOurs(member.Name, path, prompt))))
                {
                    writer.WritePropertyName(member.Name);
                    JsonText.WriteAsItCame(writer, member.Value);
                }
            }

            writer.WriteEndObject();
        }

        var body = bytes.ToArray();
        return new RunQuestion(line, id, path, body, FingerprintOf(id, path, asked.Key, body));
    }

    private static bool IsOurs(string name, string path, string? prompt) =>
        prompt is null && path is not Chat ? name is "stream" or "stream_options" : s_notForHub.Contains(name, StringComparer.Ordinal);

    private static void WriteMessages(Utf8JsonWriter writer, string prompt, string? system)
    {
        writer.WriteStartArray("messages");
        (string, string?)[] said = [("system", system), ("user", prompt)];
        foreach (var (role, content) in said.Where(message => message.Item2 is not null))
        {
            writer.WriteStartObject();
            writer.WriteString("role", role);
            writer.WriteString("content", content);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Names the member of another tool's shape that seems to hold the question.</summary>
    private static string Hint(JsonElement root) =>
        Array.Find(s_elsewhere, name => root.TryGetProperty(name, out _)) is { } other ? $"; it has \"{other}\", as other tools' files do: call the text \"prompt\"" : "";

    private static string BatchPath(JsonElement root, ByteLine line, string file)
    {
        if (Text(root, "method") is { } method && !method.Equals("POST", StringComparison.OrdinalIgnoreCase))
            throw Wrong(line, file, "has a \"method\" that is not POST");

        var path = Text(root, "url") ?? Chat;
        return s_paths.Contains(path, StringComparer.Ordinal) ? path : throw Wrong(line, file, $"has a \"url\" that is none of {string.Join(", ", s_paths)}");
    }

    private static string FingerprintOf(string? id, string path, string? key, byte[] body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in (string?[])[id, path, key])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part ?? ""));
            hash.AppendData([0]);
        }

        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 12));
    }

    private static string? Id(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String or JsonValueKind.Number ? member.ToString() : null;

    private static string? Text(JsonElement holder, string name) => JsonText.Of(holder, name);

    private static CommandFailure Wrong(ByteLine line, string file, string what) => Wrong(line.Number, file, what);

    private static CommandFailure Wrong(long line, string file, string what) => CommandFailure.Usage($"Line {line} of '{file}' {what}. Nothing was sent.");
}
