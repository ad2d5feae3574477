using System.Text.Json;
using System.Text.RegularExpressions;
using Keypace.Server;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>The schema for editors says the same as the parser: what one knows, the other knows.</summary>
public sealed partial class HubSchemaTests
{
    private static readonly JsonElement s_schema = JsonSerializer.Deserialize<JsonElement>(HubFileCheck.Schema());

    [Theory]
    [InlineData("", "\"zzz\": 1")]
    [InlineData("auth", "\"auth\": {\"zzz\": 1}")]
    [InlineData("passes", "\"passes\": {\"zzz\": 1}")]
    [InlineData("paths", "\"paths\": {\"zzz\": 1}")]
    [InlineData("step", "\"test\": [{\"path\": \"x\", \"works\": [200], \"zzz\": 1}]")]
    [InlineData("phrase", "\"test\": [{\"path\": \"x\", \"works\": [200], \"works_when\": {\"status\": 403, \"contains\": \"x\", \"zzz\": 1}}]")]
    [InlineData("field", "\"fields\": [{\"name\": \"a\", \"label\": \"A\", \"zzz\": 1}]")]
    [InlineData("variant", "\"fields\": [{\"name\": \"a\", \"label\": \"A\"}], \"variants\": [{\"when\": {\"given\": [\"a\"]}, \"zzz\": 1}]")]
    [InlineData("limit_header", "\"limit_headers\": [{\"interval_seconds\": 60, \"limit\": \"x\", \"zzz\": 1}]")]
    public void Both_know_the_same_members(string definition, string member)
    {
        var json = TestHubs.Small.Insert(1, member + ",");
        Assert.False(TestHubs.Parse(json).TryGet(out _, out var refusal));
        var known = KnownHere().Match(refusal.Detail).Groups[1].Value.TrimEnd('.').Split(", ").Order(StringComparer.Ordinal);
        var declared = definition.Length == 0 ? s_schema : s_schema.GetProperty("$defs").GetProperty(definition);
        Assert.Equal(known, declared.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_may_name_its_schema_for_the_editor() => Assert.NotNull(TestHubs.With("\"$schema\": \"./hub.schema.json\""));

    [GeneratedRegex("Known here are: (.*)$")]
    private static partial Regex KnownHere();
}
