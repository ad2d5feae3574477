using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>Reads a hub's answer to the question for its models.</summary>
public static class ModelIds
{
    /// <summary>More than these are not kept.</summary>
    public const int MostModels = 10_000;

    private const int MostCharacters = 256;

    /// <summary>The ids in the hub's order, each once; null when the answer is not of the hub's shape.</summary>
    public static IReadOnlyList<string>? Read(ReadOnlyMemory<byte> json, ModelListShape shape)
    {
        if (shape is ModelListShape.None)
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;

            // Some hubs have answered in both shapes; what stands in the file is what is expected, not what is insisted on.
            if (root.ValueKind is JsonValueKind.Array)
                return Ids(root);
            return root.ValueKind is JsonValueKind.Object && root.TryGetProperty("data", out var data) && data.ValueKind is JsonValueKind.Array ? Ids(data) : null;
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
            if (model.ValueKind is JsonValueKind.Object && model.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String
                && id.GetString() is { Length: > 0 and <= MostCharacters } text && !text.Any(char.IsControl) && seen.Add(text))
            {
                ids.Add(text);
            }
        }

        return ids;
    }
}
