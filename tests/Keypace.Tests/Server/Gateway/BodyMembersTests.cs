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
        Assert.Equal("no_place_for_prompt", BodyEdits.WhyNoPlace(scan, System.Text.Encoding.UTF8.GetBytes(body), "Be brief.", Enum.Parse<SystemPromptPlace>(place))?.Code);
        Assert.Null(BodyEdits.WhyNoPlace(scan, System.Text.Encoding.UTF8.GetBytes(body), null, Enum.Parse<SystemPromptPlace>(place)));
    }

    [Theory]
    [InlineData("https://hub.example/v1beta/models/gemini-2.5-pro:generateContent", "{}", "gemini-2.5-pro")]
    [InlineData("https://hub.example/openai/deployments/my%20one/chat/completions", "{}", "my one")]
    [InlineData("https://hub.example/v1/messages", """{"model":"claude"}""", "claude")]
    [InlineData("https://hub.example/v1/files", "not JSON", null)]
    [InlineData("https://hub.example/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent", "{}", "gemini-2.5-pro")]
    [InlineData("https://hub.example/v1/projects/p/locations/l/endpoints/123:predict", "{}", "123")]
    [InlineData("https://hub.example/v1/projects/p/locations/l/endpoints/openapi/chat/completions", """{"model":"google/gemini"}""", "google/gemini")]
    [InlineData("https://hub.example/models/chat/completions", """{"model":"phi"}""", "phi")]
    [InlineData("https://hub.example/inference/v1/chat/completions", """{"model":"accounts/fireworks/models/x"}""", "accounts/fireworks/models/x")]
    [InlineData("https://hub.example/model/amazon.nova-pro-v1:0/converse", "{}", "amazon.nova-pro-v1:0")]
    [InlineData("https://hub.example/model/amazon.nova-pro-v1%3A1/invoke", "{}", "amazon.nova-pro-v1:1")]
    [InlineData("https://hub.example/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.nova/converse-stream", "{}", "arn:aws:bedrock:us-east-1:1:inference-profile/us.nova")]
    [InlineData("https://hub.example/v1/models/meta/llama-3/predictions", "{}", "meta/llama-3")]
    [InlineData("https://hub.example/models/meta-llama/Llama-3", "{}", "meta-llama/Llama-3")]
    [InlineData("https://hub.example/v2/models/resnet/versions/1/infer", "{}", "resnet")]
    [InlineData("https://hub.example/client/v4/accounts/a/ai/run/@cf/meta/llama-3", "{}", "@cf/meta/llama-3")]
    [InlineData("https://hub.example/v1/inference/meta/llama-3", "{}", "meta/llama-3")]
    [InlineData("https://hub.example/v1/engines/davinci/completions", "{}", "davinci")]
    [InlineData("https://hub.example/v1/audio/transcriptions", "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n", "whisper-1")]
    [InlineData("https://hub.example/v1/audio/transcriptions", "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n", null)]
    public void The_model_of_a_passed_through_query_is_found_where_it_is_named(string target, string body, string? model)
    {
        using var content = RequestBody.Of(Encoding.UTF8.GetBytes(body));
        using var routed = new Routed(new ModelChoice(ServedKeys.Custom, null, null), KnownTargets.Parse(target), HttpMethod.Post, content);
        Assert.Equal(model, NamedModel.Of(routed));
        Assert.Equal(model, NamedModel.AtOnce(routed, null));
        Assert.Equal(model, NamedModel.AtOnce(routed, "another"));
        if (model is not null)
            Assert.Same(model, NamedModel.AtOnce(routed, model));
    }

    /// <summary>Before every query a part of a long body is looked at: its beginning and its end, where the SDKs have the model.</summary>
    [Theory]
    [InlineData("""{"messages":[{"content":"LONG"}],"model":"a","stream":true}""", "a")]
    [InlineData("""{"messages":[{"content":"LONG"}],"model":"a","tools":[{"model":"b","n":[{"model":"c"}]}]}""", "a")]
    [InlineData("""{"messages":[{"content":"LONG"}],"metadata":{"model":"b"}}""", null)]
    [InlineData("""{"messages":[{"content":"LONG"},{"model":"b"}]}""", null)]
    [InlineData("""{"messages":[{"content":"LONG \"model\":\"b\"}"}],"stream":true}""", null)]
    [InlineData("""{"messages":[{"content":"LONG","model":"b"}],"model" : "a" }""", "a")]
    [InlineData("""{"model":"a","messages":[{"content":"LONG"}],"x":{"model":"b"}}""", "a")]
    [InlineData("""{"messages":[{"content":"LONG"}],"model":7}""", null)]
    [InlineData("""{"messages":[{"content":"LONG"}],"model":"a" """, null)]
    public void The_model_of_a_long_body_is_found_where_SDKs_write_it(string body, string? model)
    {
        using var content = RequestBody.Of(Encoding.UTF8.GetBytes(body.Replace("LONG", new string('x', 50_000), StringComparison.Ordinal)));
        using var routed = new Routed(new ModelChoice(ServedKeys.Custom, null, null), KnownTargets.Parse("https://hub.example/v1/chat/completions"), HttpMethod.Post, content);
        Assert.Equal(model, NamedModel.AtOnce(routed, null));
    }
}
