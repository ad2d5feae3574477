using System.Text;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Bodies that two readers would read differently, and agents' queries that would go without their prompt.</summary>
public sealed class BodyMembersTests
{
    [Theory]
    [InlineData("""{"model":"a","Model":"b"}""")]
    [InlineData("""{"MODEL":"b","model":"a"}""")]
    [InlineData("""{"model":"a","mod\u0065l":"b"}""")]
    [InlineData("""{"model":"a","M\u004fDEL":"b"}""")]
    [InlineData("""{"model":"a","messages":[],"meſſages":[]}""")]
    [InlineData("""{"model":"a","stream":false,"Stream":true}""")]
    [InlineData("""{"model":"a","messages":[],"messages":[1]}""")]
    [InlineData("""{"model":"a","max_tokens":1,"Max_Tokens":100}""")]
    [InlineData("""{"model":"a","stream_options":{"include_usage":true,"Include_usage":false}}""")]
    public void A_member_that_is_looked_at_stands_there_once(string body)
    {
        Assert.False(BodyScan.Of(Encoding.UTF8.GetBytes(body)).TryGet(out _, out var refusal));
        Assert.Equal("duplicate_member", refusal.Code);
    }

    [Theory]
    [InlineData("""{"model":"a","x":1,"x":2,"X":3}""")]
    [InlineData("""{"model":"a","messages":[{"model":"b","Model":"c"}]}""")]
    public void Others_are_the_hubs_business(string body) => Assert.True(BodyScan.Of(Encoding.UTF8.GetBytes(body)).TryGet(out _, out _));

    [Theory]
    [InlineData("""{"model":"a"}""", nameof(SystemPromptPlace.FirstMessage))]
    [InlineData("""{"model":"a","messages":null}""", nameof(SystemPromptPlace.FirstMessage))]
    [InlineData("""{"model":"a","messages":{}}""", nameof(SystemPromptPlace.FirstMessage))]
    [InlineData("""{"model":"a","Messages":[]}""", nameof(SystemPromptPlace.FirstMessage))]
    [InlineData("""{"model":"a","prompt":["x"]}""", nameof(SystemPromptPlace.BeforePrompt))]
    [InlineData("""{"model":"a"}""", nameof(SystemPromptPlace.BeforePrompt))]
    [InlineData("""{"model":"a","instructions":[]}""", nameof(SystemPromptPlace.Instructions))]
    public void A_body_without_a_place_for_the_agents_prompt_is_refused(string body, string place)
    {
        Assert.True(BodyScan.Of(Encoding.UTF8.GetBytes(body)).TryGet(out var scan, out _));
        Assert.Equal("no_place_for_prompt", BodyEdits.WhyNoPlace(scan, "Be brief.", Enum.Parse<SystemPromptPlace>(place))?.Code);
        Assert.Null(BodyEdits.WhyNoPlace(scan, null, Enum.Parse<SystemPromptPlace>(place)));
    }

    [Theory]
    [InlineData("https://hub.example/v1beta/models/gemini-2.5-pro:generateContent", "{}", "gemini-2.5-pro")]
    [InlineData("https://hub.example/openai/deployments/my%20one/chat/completions", "{}", "my one")]
    [InlineData("https://hub.example/v1/messages", """{"model":"claude"}""", "claude")]
    [InlineData("https://hub.example/v1/files", "not JSON", null)]
    public void The_model_of_a_passed_through_query_is_found_where_it_is_named(string target, string body, string? model)
    {
        using var content = RequestBody.Of(Encoding.UTF8.GetBytes(body));
        using var routed = new Routed(new ModelChoice(ServedKeys.Custom, null, null), KnownTargets.Parse(target), HttpMethod.Post, content);
        Assert.Equal(model, NamedModel.Of(routed));
    }
}
