using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Hubs;

public sealed class HubCatalogueTests
{
    private static readonly string[] Served =
        ["openai", "together", "custom", "mistral", "groq", "fireworks", "nvidia", "openrouter", "deepseek", "anthropic", "digitalocean",
            "vertex", "azure", "gemini", "xai", "cohere", "huggingface", "cerebras", "perplexity", "bedrock", "bedrock_custom", "bedrockAgents"];

    [Fact]
    public void Every_hub_of_the_contract_is_there()
    {
        Assert.Equal(Served.Order(StringComparer.Ordinal), TestHubs.Catalogue.All.Select(hub => hub.Name));
        Assert.All(Served, name => Assert.True(TestHubs.Named(name).Served));
    }

    [Theory]
    [InlineData("openai", 500, 60, "2026-10-08", "high")]
    [InlineData("together", 60, 60, "2026", "low")]
    [InlineData("custom", 60, 60, "2026-11-23", "policy")]
    [InlineData("vertex", 60, 60, "2026", "low")]
    [InlineData("digitalocean", 120, 60, "2026-09-20", "medium")]
    [InlineData("anthropic", 50, 60, "2026-10-17", "high")]
    [InlineData("mistral", 1, 1, "2026-07-18", "medium")]
    [InlineData("fireworks", 10, 60, "2026", "high")]
    [InlineData("groq", 30, 60, "2026-10-01", "high")]
    [InlineData("nvidia", 40, 60, "2026-07", "medium")]
    [InlineData("openrouter", 20, 60, "2026-10-17", "high")]
    [InlineData("bedrock", 10, 60, "2025-06", "medium")]
    [InlineData("bedrock_custom", 10, 60, "2025-06", "medium")]
    [InlineData("bedrockAgents", 10, 60, "2026", "low")]
    [InlineData("azure", 100, 60, "2026-08-20", "high")]
    [InlineData("gemini", 5, 60, "2026-07-18", "medium")]
    [InlineData("deepseek", 60, 60, "2026-10-08", "high")]
    [InlineData("xai", 37, 1, "2026-10-08", "medium")]
    [InlineData("cohere", 20, 60, "2026-07-18", "medium")]
    [InlineData("huggingface", 60, 60, "2026-07-18", "low")]
    [InlineData("cerebras", 5, 60, "2026-07-18", "medium")]
    [InlineData("perplexity", 50, 60, "2026-05", "low")]
    public void A_default_is_the_number_that_was_read(string name, int count, int seconds, string asOf, string confidence)
    {
        var limit = TestHubs.Named(name).DefaultLimit;
        Assert.Equal(new RateLimit(count, seconds), limit.Limit);
        Assert.Equal(asOf, limit.AsOf);
        Assert.StartsWith(confidence, limit.Confidence, StringComparison.Ordinal);
        Assert.NotEmpty(limit.Source);
    }

    [Theory]
    [InlineData("openai", "high", false)]
    [InlineData("together", "low", true)]
    [InlineData("bedrock", "medium to low", true)]
    [InlineData("perplexity", "low to medium", true)]
    [InlineData("deepseek", "high", false)]
    [InlineData("xai", "medium to high", false)]
    [InlineData("custom", "policy", false)]
    public void A_default_says_in_a_word_how_sure_it_is(string name, string grade, bool isUnsure) =>
        Assert.Equal((grade, isUnsure), (TestHubs.Named(name).DefaultLimit.Grade, TestHubs.Named(name).DefaultLimit.IsUnsure));

    [Theory]
    [InlineData("openai", "https://api.openai.com:443/v1/", "header:authorization:bearer")]
    [InlineData("together", "https://api.together.xyz:443/v1/", "header:authorization:bearer")]
    [InlineData("mistral", "https://api.mistral.ai:443/v1/", "header:authorization:bearer")]
    [InlineData("fireworks", "https://api.fireworks.ai:443/inference/v1/", "header:authorization:bearer")]
    [InlineData("groq", "https://api.groq.com:443/openai/v1/", "header:authorization:bearer")]
    [InlineData("nvidia", "https://integrate.api.nvidia.com:443/v1/", "header:authorization:bearer")]
    [InlineData("openrouter", "https://openrouter.ai:443/api/v1/", "header:authorization:bearer")]
    [InlineData("deepseek", "https://api.deepseek.com:443/v1/", "header:authorization:bearer")]
    [InlineData("anthropic", "https://api.anthropic.com:443/v1/", "header:x-api-key")]
    [InlineData("digitalocean", "https://inference.do-ai.run:443/v1/", "header:authorization:bearer")]
    public void A_hub_has_its_address_and_its_way_to_attach_the_secret(string name, string address, string injection)
    {
        var hub = TestHubs.Named(name);
        Assert.True(hub.DestinationOf(null, null).TryGet(out var destination, out _));
        Assert.Equal(address, destination.Address);
        Assert.Equal(injection, hub.Auth.Injection);
    }

    [Fact]
    public void Served_hubs_can_be_tested()
    {
        foreach (var hub in TestHubs.Catalogue.All.Where(hub => hub.Served))
            Assert.All(hub.Variants.Prepend(hub.Access), access => Assert.Equal(access.Protocol is HubProtocol.PlainJson, access.Test.Count == 0));
    }

    [Fact]
    public void Names_are_exact()
    {
        Assert.True(TestHubs.Catalogue.TryGet("bedrockAgents", out _));
        Assert.False(TestHubs.Catalogue.TryGet("bedrockagents", out _));
        Assert.False(TestHubs.Catalogue.Find("BedrockAgents").TryGet(out _, out var refusal));
        Assert.Contains("bedrockAgents", refusal.Detail, StringComparison.Ordinal);
        Assert.False(TestHubs.Catalogue.Find("nowhere").TryGet(out _, out refusal));
        Assert.Contains("openai", refusal.Detail, StringComparison.Ordinal);
        Assert.False(TestHubs.Catalogue.Find(null).TryGet(out _, out _));
    }

    [Fact]
    public void Anthropic_gets_its_version_header() =>
        Assert.Equal("2023-06-01", TestHubs.Named("anthropic").ExtraHeaders["anthropic-version"]);

    [Fact]
    public void Routes_that_a_hub_lacks_have_no_path()
    {
        Assert.Equal("chat/completions", TestHubs.Named("openai").Access.PathOf("chat/completions"));
        Assert.Equal("responses", TestHubs.Named("openai").Access.PathOf("responses"));
        Assert.Null(TestHubs.Named("anthropic").Access.PathOf("embeddings"));
        Assert.Equal("chat/completions?agent=true", TestHubs.Named("digitalocean").Variants[0].PathOf("chat/completions"));
        Assert.Null(TestHubs.Named("openai").Access.PathOf("audio/speech"));
    }
}
