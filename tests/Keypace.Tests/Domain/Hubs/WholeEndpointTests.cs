using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>The address of one call, given as a base address.</summary>
public sealed class WholeEndpointTests
{
    [Theory]
    [InlineData("custom", "http://host:8000/v1/chat/completions", "http://host:8000/v1", "chat/completions")]
    [InlineData("custom", " http://host:8000/v1/Chat/Completions/ ", "http://host:8000/v1", "Chat/Completions")]
    [InlineData("custom", "http://host/chat/completions", "http://host", "chat/completions")]
    [InlineData("custom", "https://host/a/v2/completions", "https://host/a/v2", "completions")]
    [InlineData("openai", "https://proxy.example/openai/v1/embeddings", "https://proxy.example/openai/v1", "embeddings")]
    [InlineData("openai", "https://api.openai.com/v1/responses", "https://api.openai.com/v1", "responses")]
    [InlineData("openai", "https://api.openai.com/v1/models", "https://api.openai.com/v1", "models")]
    [InlineData("anthropic", "https://api.anthropic.com/v1/messages", "https://api.anthropic.com/v1", "messages")]
    [InlineData("gemini", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "https://generativelanguage.googleapis.com/v1beta", "openai/chat/completions")]
    [InlineData("bedrock", "https://bedrock.example/model/anthropic.claude/converse", "https://bedrock.example", "model/anthropic.claude/converse")]
    [InlineData("azure", "https://one.openai.azure.com/openai/v1/chat/completions", "https://one.openai.azure.com/openai/v1", "chat/completions")]
    public void A_call_of_the_hubs_own_is_cut(string hub, string given, string address, string call)
    {
        var endpoint = WholeEndpoint.In(given, TestHubs.Named(hub), null);

        Assert.Equal((address, call), (endpoint?.Base, endpoint?.Call));
    }

    [Theory]
    [InlineData("custom", "http://host/v1")]
    [InlineData("custom", "http://host")]
    [InlineData("custom", "http://host/chat")]
    [InlineData("custom", "http://host/v1/messages")]                       // no call of an OpenAI endpoint
    [InlineData("custom", "http://host/v1/mychat/completionsx")]
    [InlineData("custom", "http://host/v1/chat/completions?x=1")]           // refused for its query
    [InlineData("custom", "chat/completions")]
    [InlineData("anthropic", "https://api.anthropic.com/v1/chat/completions")]
    [InlineData("azure", "https://one.openai.azure.com/chat/completions")]  // a bare address means another place there
    [InlineData("custom", null)]
    [InlineData("custom", " ")]
    public void Anything_else_stays_as_it_is(string hub, string? given) => Assert.Null(WholeEndpoint.In(given, TestHubs.Named(hub), null));

    [Fact]
    public void An_endpoint_of_plain_JSON_is_one_call_and_stays_whole() => Assert.Null(WholeEndpoint.In(
        "http://host/v1/chat/completions", TestHubs.Named("custom"), new Dictionary<string, string> { ["request_template"] = "{}", ["answer_path"] = "$.a" }));
}
