using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

public sealed class HubConfigTests
{
    private const string Secret = "sk-test-not-a-real-key-0001";

    [Fact]
    public void The_value_is_the_secret_of_most_hubs()
    {
        var parts = New("openai", Secret);
        Assert.Equal(Secret, parts.Join());
        Assert.Empty(parts.Config);
        Assert.DoesNotContain(Secret, parts.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_fields_are_sealed_and_shown_masked()
    {
        var parts = New("bedrock", null, ("region", "us-east-1"), ("access_key", "TEST-NOT-REAL-ACCESS-0001"), ("secret_access_key", "test-not-real-secret-0002"));
        Assert.Equal(
            [("display_access_key", "****0001"), ("display_secret_access_key", "****0002"), ("region", "us-east-1")],
            parts.Config.Select(pair => (pair.Key, pair.Value)));
        Assert.Equal("""{"access_key":"TEST-NOT-REAL-ACCESS-0001","secret_access_key":"test-not-real-secret-0002"}""", parts.Join());
    }

    [Fact]
    public void Vertex_shows_its_client_and_masks_only_the_clients_secret()
    {
        var parts = New("vertex", "", ("region", "us-central1"), ("project_id", "p"), ("client_id", "1-a.apps"), ("client_secret", "test-client"), ("refresh_token", "test-refresh"));
        Assert.Equal(["client_id", "display_client_secret", "project_id", "region"], parts.Config.Keys);
        Assert.Equal("****", parts.Config["display_client_secret"]);
    }

    [Fact]
    public void Digitalocean_takes_the_value_or_an_agents_key()
    {
        Assert.Equal(Secret, New("digitalocean", Secret).Join());
        var agent = New("digitalocean", null, ("agent_id", "abc"), ("agent_key", "test-not-real-agent-key-77"));
        Assert.Equal("test-not-real-agent-key-77", agent.Join());
        Assert.Equal("****y-77", agent.Config["display_agent_key"]);
        Assert.Equal("abc", agent.Config["agent_id"]);
        Assert.Equal("agent=true", agent.Access.ChatQuery);
    }

    [Theory]
    [InlineData("openai", null, "value")]
    [InlineData("openai", "", "value")]
    [InlineData("custom", "", "value")]
    [InlineData("digitalocean", null, "value")]
    [InlineData("digitalocean", Secret, "agent_key", "agent_id", "abc")]
    [InlineData("bedrock", null, "region")]
    [InlineData("bedrock", null, "access_key", "region", "us-east-1")]
    [InlineData("bedrock", null, "access_key", "region", "us-east-1", "display_access_key", "****0001")]
    [InlineData("openai", "****0001", "value")]
    [InlineData("openai", "a\nb", "value")]
    [InlineData("openai", "a\r", "value")]
    [InlineData("openai", "a\tb", "value")]
    [InlineData("openai", "a\0b", "value")]
    [InlineData("openai", " padded", "value")]
    [InlineData("openai", "schlüssel", "value")]
    [InlineData("digitalocean", null, "agent_key", "agent_id", "abc", "agent_key", "a\nb")]
    [InlineData("bedrock", null, "region", "region", "us\neast")]
    public void What_is_missing_or_could_not_travel_is_refused_by_field(string hub, string? value, string field, params string[] pairs)
    {
        Assert.False(HubConfig.ForNew(TestHubs.Named(hub), value, Config(pairs)).TryGet(out _, out var refusal));
        Assert.Contains(field, refusal.Fields![0].Path);
        if (value is { Length: > 3 })
            Assert.DoesNotContain(value, refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_long_is_refused()
    {
        Assert.False(HubConfig.ForNew(TestHubs.Named("openai"), new string('x', 16 * 1024 + 1), null).TryGet(out _, out _));
        Assert.True(HubConfig.ForNew(TestHubs.Named("openai"), new string('x', 16 * 1024), null).TryGet(out _, out _));
        Assert.False(HubConfig.PublicPart(TestHubs.Named("bedrock"), Config("region", new string('x', 8 * 1024 + 1))).TryGet(out _, out _));
    }

    [Fact]
    public void Unknown_fields_are_ignored_and_the_form_of_a_secret_is_the_hubs_business()
    {
        var parts = New("openai", "x", ("region", "us"), ("nonsense", "\n"));
        Assert.Empty(parts.Config);
        Assert.Equal("x", parts.Join());
    }

    [Fact]
    public void Masks_that_come_back_change_nothing()
    {
        var stored = New("bedrock", null, ("region", "us-east-1"), ("access_key", "TEST-NOT-REAL-ACCESS-0001"), ("secret_access_key", "test-not-real-secret-0002"));
        var parts = Change("bedrock", null, stored, ("region", "us-east-1"), ("display_access_key", "****0001"), ("access_key", "****0001"), ("secret_access_key", null));
        Assert.False(parts.HasNewSecret);
        Assert.True(parts.MayKeepStored);
        Assert.Equal(stored.Config, parts.Config);

        Assert.False(Change("openai", "****0001", New("openai", Secret)).HasNewSecret);
        Assert.False(Change("openai", null, New("openai", Secret)).HasNewSecret);
    }

    [Fact]
    public void One_new_secret_of_two_joins_the_stored_other()
    {
        var stored = New("bedrock", null, ("region", "us-east-1"), ("access_key", "TEST-NOT-REAL-ACCESS-0001"), ("secret_access_key", "test-not-real-secret-0002"));
        var parts = Change("bedrock", null, stored, ("secret_access_key", "test-not-real-secret-0003"));
        Assert.True(parts.NeedsStored);
        Assert.Equal("""{"access_key":"TEST-NOT-REAL-ACCESS-0001","secret_access_key":"test-not-real-secret-0003"}""", parts.JoinWith(stored.Join()!));
        Assert.Equal("****0003", parts.Config["display_secret_access_key"]);
        Assert.Equal("us-east-1", parts.Config["region"]);
    }

    [Fact]
    public void Another_way_into_the_hub_needs_its_own_secret()
    {
        var serverless = New("digitalocean", Secret);
        Assert.False(HubConfig.ForChange(TestHubs.Named("digitalocean"), null, Config("agent_id", "abc"), serverless.Config).TryGet(out _, out var refusal));
        Assert.Contains("agent_key", refusal.Fields![0].Path);

        var agent = Change("digitalocean", null, serverless, ("agent_id", "abc"), ("agent_key", "test-not-real-agent-key-77"));
        Assert.False(agent.MayKeepStored);
        Assert.Equal("test-not-real-agent-key-77", agent.Join());
    }

    [Fact]
    public void An_optional_field_that_comes_empty_is_cleared()
    {
        var azure = New("azure", Secret, ("resource", "team"));
        Assert.Equal("team", Change("azure", null, azure).Config["resource"]);
        Assert.Empty(Change("azure", null, azure, ("resource", "")).Config);
    }

    [Fact]
    public void An_agent_keeps_only_what_may_be_shown()
    {
        Assert.True(HubConfig.PublicPart(TestHubs.Named("digitalocean"), Config("agent_id", "abc", "agent_key", Secret, "display_agent_key", "****0001", "x", "y"))
            .TryGet(out var shown, out _));
        Assert.Equal([("agent_id", "abc")], shown.Select(pair => (pair.Key, pair.Value)));
    }

    private static KeyParts New(string hub, string? value, params (string Name, string? Value)[] config) =>
        HubConfig.ForNew(TestHubs.Named(hub), value, config.ToDictionary(pair => pair.Name, pair => pair.Value)).TryGet(out var parts, out var refusal)
            ? parts
            : throw new InvalidOperationException(refusal.Detail);

    private static KeyParts Change(string hub, string? value, KeyParts stored, params (string Name, string? Value)[] config) =>
        HubConfig.ForChange(TestHubs.Named(hub), value, config.ToDictionary(pair => pair.Name, pair => pair.Value), stored.Config).TryGet(out var parts, out var refusal)
            ? parts
            : throw new InvalidOperationException(refusal.Detail);

    private static Dictionary<string, string?> Config(params string[] pairs) =>
        pairs.Chunk(2).ToDictionary(pair => pair[0], pair => (string?)pair[1]);
}
