using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>
/// Reads the three shapes of an error: <c>{"error":{"message","code"}}</c> of the OpenAI-compatible routes, <c>{"detail","code","request_id"}</c>
/// of the management routes with a sentence or a list as detail, and ProblemDetails elsewhere. Forgiving: a member of another type counts as absent.
/// </summary>
internal static class ErrorBody
{
    /// <exception cref="JsonException">The body is not JSON.</exception>
    public static Said Read(string body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return Said.Nothing;

        var requestId = Text(root, "request_id") ?? Text(root, "requestId");
        if (root.TryGetProperty("error", out var error))
        {
            return error.ValueKind == JsonValueKind.Object
                ? new Said(Text(error, "message"), Text(error, "code") ?? Text(error, "type"), requestId, [])
                : new Said(Text(root, "error"), Text(root, "code"), requestId, []);
        }

        var fields = root.TryGetProperty("detail", out var detail) && detail.ValueKind == JsonValueKind.Array ? ReadFields(detail) : [];
        var sentence = fields.Count > 0
            ? string.Join(' ', fields.Select(Sentence))
            : Text(root, "detail") ?? Text(root, "title") ?? Text(root, "message");
        return new Said(sentence, Text(root, "code"), requestId, fields);
    }

    private static List<FieldProblem> ReadFields(JsonElement list) =>
    [
        .. list.EnumerateArray()
            .Where(entry => entry.ValueKind == JsonValueKind.Object)
            .Select(entry => new FieldProblem(Path(entry), Text(entry, "msg") ?? "cannot be accepted", Text(entry, "type") ?? "value_error")),
    ];

    private static string[] Path(JsonElement entry) =>
        entry.TryGetProperty("loc", out var path) && path.ValueKind == JsonValueKind.Array
            ? [.. path.EnumerateArray().Select(step => step.ToString())]
            : [];

    private static string Sentence(FieldProblem field)
    {
        // "body" only says that it was in the body; what a person typed is what comes after it.
        var where = string.Join('.', field.Loc.Count > 1 ? field.Loc.Skip(1) : field.Loc);
        var text = where.Length == 0 ? field.Msg : $"{where}: {field.Msg}";
        return text.EndsWith('.') ? text : text + ".";
    }

    private static string? Text(JsonElement holder, string name) =>
        JsonText.Of(holder, name) is { Length: > 0 } text ? text : null;
}
