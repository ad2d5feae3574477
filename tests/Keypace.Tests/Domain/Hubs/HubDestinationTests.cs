using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Hubs;

public sealed class HubDestinationTests
{
    [Theory]
    [InlineData("custom", "http://127.0.0.1:9100/v1", null, null, "http://127.0.0.1:9100/v1/")]
    [InlineData("custom", " https://my.example ", null, null, "https://my.example:443/")]
    [InlineData("openai", "https://proxy.example/openai/v1", null, null, "https://proxy.example:443/openai/v1/")]
    [InlineData("digitalocean", null, "agent_id", "abc123", "https://abc123.agents.do-ai.run:443/api/v1/")]
    [InlineData("digitalocean", "https://xyz.agents.do-ai.run", "agent_id", "abc123", "https://xyz.agents.do-ai.run:443/api/v1/")]
    [InlineData("digitalocean", "https://xyz.ondigitalocean.app/api/v1/", "display_agent_key", "****", "https://xyz.ondigitalocean.app:443/api/v1/")]
    [InlineData("digitalocean", "https://inference.example", null, null, "https://inference.example:443/")]
    [InlineData("vertex", null, "region", "us-central1", "https://us-central1-aiplatform.googleapis.com:443/v1/")]
    [InlineData("vertex", null, "region", "global", "https://aiplatform.googleapis.com:443/v1/")]
    [InlineData("bedrock", null, "region", "us-east-1", "https://bedrock-runtime.us-east-1.amazonaws.com:443/")]
    [InlineData("bedrock_custom", "https://vpce.example/x", "region", "us-east-1", "https://vpce.example:443/x/")]
    [InlineData("azure", null, "resource", "My-Team", "https://my-team.openai.azure.com:443/openai/v1/")]
    public void A_key_goes_to_its_url_or_to_the_hubs_address(string hub, string? url, string? field, string? value, string address) =>
        Assert.Equal(address, Of(hub, url, field, value).Address);

    [Theory]
    [InlineData("custom", null, null, null, "url")]
    [InlineData("azure", "", null, null, "resource")]
    [InlineData("custom", "ftp://x.example", null, null, "url")]
    [InlineData("vertex", null, null, null, "region")]
    [InlineData("digitalocean", null, "agent_key", "x", "agent_id")]
    [InlineData("vertex", null, "region", "evil.example/", "region")]
    [InlineData("vertex", null, "region", "evil.example#", "region")]
    [InlineData("bedrock", null, "region", "x@evil.example:443", "region")]
    [InlineData("bedrock", null, "region", "é", "region")]
    [InlineData("bedrock", null, "region", "-", "region")]
    [InlineData("digitalocean", null, "agent_id", "evil.example/x", "agent_id")]
    public void Without_an_address_or_with_one_that_could_be_another_it_is_refused(string hub, string? url, string? field, string? value, string named)
    {
        var config = field is null ? null : new Dictionary<string, string> { [field] = value! };
        Assert.False(TestHubs.Named(hub).DestinationOf(url, config).TryGet(out _, out var refusal));
        Assert.Contains(named, refusal.Fields![0].Path);
    }

    [Fact]
    public void A_secret_still_opens_after_its_hub_moved_but_not_for_another_place()
    {
        Assert.True(TestHubs.Parse(
            TestHubs.Small.Insert(1, "\"moved_from\": [\"https://old.small.example/v1\"],"), source: HubFileSource.Embedded).TryGet(out var hub, out _));
        var now = Of(hub, null);
        Assert.True(hub.StillOpens(now, now, null));
        Assert.True(hub.StillOpens(Place("https://old.small.example/v1"), now, null));
        Assert.False(hub.StillOpens(Place("https://other.example/v1"), now, null));
        Assert.False(hub.StillOpens(Place("https://old.small.example/v1"), Place("https://chosen.example/v1"), null));
    }

    [Fact]
    public void The_steps_of_a_test_stay_on_the_keys_origin()
    {
        foreach (var hub in TestHubs.Catalogue.All)
        {
            foreach (var step in hub.Variants.Prepend(hub.Access).SelectMany(access => access.Test))
                Assert.StartsWith("https://h.example:443/", step.UrlOn(Place("https://h.example/v2")), StringComparison.Ordinal);
        }

        Assert.Equal("https://h.example:443/v2/models", TestHubs.Named("openai").Access.Test[0].UrlOn(Place("https://h.example/v2")));
        Assert.Equal("https://h.example:443/v1/models", TestHubs.Named("cohere").Access.Test[0].UrlOn(Place("https://h.example/v2")));
    }

    [Theory]
    [InlineData("openai", 200, "{}", HubTestVerdict.Works)]
    [InlineData("openai", 401, "{}", HubTestVerdict.Refused)]
    [InlineData("openai", 403, "{\"error\":{\"message\":\"Missing scopes: api.model.read\"}}", HubTestVerdict.Works)]
    [InlineData("openai", 403, "{}", HubTestVerdict.NextStep)]
    [InlineData("openai", 500, "", HubTestVerdict.NextStep)]
    [InlineData("custom", 404, "", HubTestVerdict.WrongAddress)]
    [InlineData("custom", 200, "<!DOCTYPE html><html>", HubTestVerdict.WrongAddress)]
    [InlineData("gemini", 400, "{\"error\":{\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}", HubTestVerdict.Refused)]
    [InlineData("gemini", 400, "{}", HubTestVerdict.NextStep)]
    [InlineData("nvidia", 422, "", HubTestVerdict.Works)]
    [InlineData("nvidia", 403, "", HubTestVerdict.Refused)]
    public void A_status_tells_whether_the_key_works(string hub, int status, string body, HubTestVerdict verdict) =>
        Assert.Equal(verdict, TestHubs.Named(hub).Access.Test[0].Judge(status, System.Text.Encoding.UTF8.GetBytes(body)));

    private static Destination Of(string hub, string? url, string? field, string? value) =>
        Of(TestHubs.Named(hub), url, field is null ? null : new Dictionary<string, string> { [field] = value! });

    private static Destination Of(HubProfile hub, string? url, Dictionary<string, string>? config = null) =>
        hub.DestinationOf(url, config).TryGet(out var destination, out var refusal) ? destination : throw new InvalidOperationException(refusal.Detail);

    private static Destination Place(string address) =>
        Destination.Parse(address).TryGet(out var destination, out var refusal) ? destination : throw new InvalidOperationException(refusal.Detail);
}
