using System.Text.Json;
using System.Text.Json.Nodes;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>The hand-written cases in tests/vectors/protocols, by file.</summary>
internal static class ProtocolCases
{
    private static readonly JsonSerializerOptions Shown = new() { WriteIndented = true };

    /// <summary>Each case with its name, so that a failing one can be found.</summary>
    public static TheoryData<string, JsonElement> Of(string file)
    {
        var cases = new TheoryData<string, JsonElement>();
        var (names, contents) = (new HashSet<string>(), new HashSet<string>());
        foreach (var each in JsonDocument.Parse(File.ReadAllText(Path.Combine(Vault.Vectors.Folder, "protocols", file))).RootElement.EnumerateArray())
        {
            // Sixty cases are sixty only if no two are the same.
            var name = each.GetProperty("name").GetString()!;
            var content = string.Concat(each.EnumerateObject().Where(member => !member.NameEquals("name")).Select(member => member.Name + member.Value.GetRawText()));
            if (!names.Add(name) || !contents.Add(content))
                throw new InvalidDataException($"{file} has '{name}' twice, or another case that says the same.");
            cases.Add(name, each);
        }

        return cases;
    }

    /// <summary>Equal as JSON: the order of members does not matter, numbers are compared as they are written.</summary>
    public static void AssertSame(JsonElement expected, ReadOnlyMemory<byte> actual)
    {
        var got = JsonNode.Parse(actual.Span);
        var wanted = JsonNode.Parse(expected.GetRawText());
        Assert.True(JsonNode.DeepEquals(wanted, got), $"expected\n{wanted?.ToJsonString(Shown)}\ngot\n{got?.ToJsonString(Shown)}");
    }
}
