using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>Reads a hub's answer to the question for its models.</summary>
public static class ModelIds
{
    /// <summary>More than these are not kept.</summary>
    public const int MostModels = 10_000;

    private const int MostCharacters = 256;

    /// <summary>
    /// The ids in the hub's order, each once; null when the answer is no list. OpenAI's <c>{"data":[{"id"}]}</c>, the same under <c>models</c> or
    /// Google's <c>publisherModels</c> with a <c>name</c>, or the list alone, also of mere names. Some hubs have answered in several of these shapes.
    /// </summary>
    public static IReadOnlyList<string>? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var list = root.ValueKind is JsonValueKind.Object
                && (root.TryGetProperty("data", out var data) || root.TryGetProperty("models", out data) || root.TryGetProperty("publisherModels", out data)) ? data : root;
            return list.ValueKind is JsonValueKind.Array ? Ids(list) : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            return null;   // an id with half of a surrogate pair
        }
    }

    private static List<string> Ids(JsonElement list)
    {
        var ids = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var model in list.EnumerateArray())
        {
            if (ids.Count == MostModels)
                break;
            var id = model.ValueKind is JsonValueKind.Object && (model.TryGetProperty("id", out var named) || model.TryGetProperty("name", out named)) ? named : model;
            if (id.ValueKind is JsonValueKind.String && id.GetString() is { Length: > 0 and <= MostCharacters } text && !text.Any(char.IsControl) && seen.Add(OwnName(text)))
                ids.Add(OwnName(text));
        }

        return ids;
    }

    /// <summary>Vertex lists <c>publishers/google/models/NAME</c>, and takes <c>google/NAME</c> in a query.</summary>
    private static string OwnName(string name) =>
        name.Split('/') is ["publishers", var publisher, "models", var model] ? $"{publisher}/{model}" : name;
}
