using System.Text;
using System.Text.Json;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Tests.Server.Gateway;

public sealed class BodyTests
{
    [Theory]
    [InlineData("""{"model":"agent/bot","messages":[]}""", """{"model":"gpt","messages":[{"role":"system","content":"Be brief."}]}""")]
    [InlineData("""{ "messages" : [ {"role":"user","content":"hi"}], "model" : "agent/bot" }""",
        """{ "messages" : [{"role":"system","content":"Be brief."}, {"role":"user","content":"hi"}], "model" : "gpt" }""")]
    [InlineData("""{"model":"agent\/b\u006ft","messages":[1]}""", """{"model":"gpt","messages":[{"role":"system","content":"Be brief."},1]}""")]
    public async Task Model_and_prompt_change_and_every_other_byte_stays(string body, string expected) =>
        Assert.Equal(expected, await EditedAsync(body, "gpt", "Be brief.", SystemPromptPlace.FirstMessage));

    [Theory]
    [InlineData("""{"model":"agent/bot","x":1}""", """{"x":1}""")]
    [InlineData("""{"x":1 , "model":"agent/bot"}""", """{"x":1 }""")]
    [InlineData("""{"x":1,"model":"agent/bot","y":2}""", """{"x":1,"y":2}""")]
    public async Task Agent_without_a_model_takes_the_member_out(string body, string expected)
    {
        var edited = await EditedAsync(body, "", null, SystemPromptPlace.Nowhere);
        Assert.Equal(JsonSerializer.Serialize(JsonDocument.Parse(expected)), JsonSerializer.Serialize(JsonDocument.Parse(edited)));
    }

    [Fact]
    public async Task Instructions_are_put_in_front_of_the_callers()
    {
        Assert.Equal("""{"model":"gpt","instructions":"Be brief.\n\nAnd kind."}""",
            await EditedAsync("""{"model":"agent/bot","instructions":"And kind."}""", "gpt", "Be brief.", SystemPromptPlace.Instructions));
        Assert.Equal("""{"instructions":"Be brief.","model":"gpt"}""",
            await EditedAsync("""{"model":"agent/bot"}""", "gpt", "Be brief.", SystemPromptPlace.Instructions));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"model\":\"a\"")]
    [InlineData("{\"model\":\"a\"} x")]
    [InlineData("{\"model\":\"a\",\"model\":\"b\"}")]
    [InlineData("{\"model\":5}")]
    [InlineData("{\"model\":\"\\ud800\"}")]
    public void Body_that_cannot_be_routed_is_refused(string body) =>
        Assert.False(BodyScan.Of(Encoding.UTF8.GetBytes(body)).TryGet(out _, out _));

    [Fact]
    public void Two_hundred_levels_are_refused_and_a_hundred_are_read()
    {
        Assert.False(BodyScan.Of(Nested(200)).TryGet(out _, out var refusal));
        Assert.Equal("invalid_json", refusal!.Code);
        Assert.True(BodyScan.Of(Nested(100)).TryGet(out var scan, out _));
        Assert.Equal("m", scan.Model);
    }

    [Theory]
    [InlineData("""{"stream":true}""", true)]
    [InlineData("""{"stream":false}""", false)]
    [InlineData("""{"x":{"stream":true}}""", false)]
    public void Streaming_is_read_from_the_top_level_only(string body, bool expected)
    {
        Assert.True(BodyScan.Of(Encoding.UTF8.GetBytes(body)).TryGet(out var scan, out _));
        Assert.Equal(expected, scan.Stream);
    }

    private static byte[] Nested(int levels) => Encoding.UTF8.GetBytes(
        "{\"model\":\"m\",\"x\":" + new string('[', levels) + new string(']', levels) + "}");

    private static async Task<string> EditedAsync(string json, string? model, string? prompt, SystemPromptPlace place)
    {
        using var body = RequestBody.Of(Encoding.UTF8.GetBytes(json));
        Assert.True(BodyScan.Of(body.Original.Span).TryGet(out var scan, out _));
        BodyEdits.Apply(body, scan, model, prompt, place);
        using var written = new MemoryStream();
        await body.WriteToAsync(written, TestContext.Current.CancellationToken);
        Assert.Equal(body.Length, written.Length);
        Assert.Equal(System.Security.Cryptography.SHA256.HashData(written.ToArray()), body.Sha256());
        return Encoding.UTF8.GetString(written.ToArray());
    }
}
