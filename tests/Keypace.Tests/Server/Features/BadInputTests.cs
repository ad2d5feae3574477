using System.Text;

namespace Keypace.Tests.Server.Features;

/// <summary>Whatever is wrong with a management call: the right 4xx in its own shape, no secret in it, nothing changed.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class BadInputTests(FeatureHost host)
{
    private const string Canary = "sk-test-canary-of-bad-input-0001";

    public static TheoryData<string> BadKeys => new(
        "{", "", "[]", "null", "\"text\"",
        """{"hub":"openai","value":"CANARY"}""",
        """{"name":null,"hub":"openai","value":"CANARY"}""",
        """{"name":7,"hub":"openai","value":"CANARY"}""",
        """{"name":"   ","hub":"openai","value":"CANARY"}""",
        $$"""{"name":"{{new string('n', 129)}}","hub":"openai","value":"CANARY"}""",
        """{"name":"a\u0007b","hub":"openai","value":"CANARY"}""",
        """{"name":"a\nb","hub":"openai","value":"CANARY"}""",
        """{"name":"a\ud800b","hub":"openai","value":"CANARY"}""",
        """{"na\ud800me":"a","hub":"openai","value":"CANARY"}""",
        """{"name":"bad","value":"CANARY"}""",
        """{"name":"bad","hub":"nowhere","value":"CANARY"}""",
        """{"name":"bad","hub":"OpenAI","value":"CANARY"}""",
        """{"name":"bad","hub":"openai"}""",
        """{"name":"bad","hub":"openai","value":""}""",
        """{"name":"bad","hub":"openai","value":"****abcd"}""",
        """{"name":"bad","hub":"openai","value":["CANARY"]}""",
        """{"name":"bad","hub":"openai","value":"CANARY\r\nX-Evil: 1"}""",
        """{"name":"bad","hub":"openai","value":"CANARY\u0000"}""",
        $$"""{"name":"bad","hub":"openai","value":"{{new string('x', 16_385)}}"}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":0}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":-1}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":1000001}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":99999999999999999999}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":"60"}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":1.5}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":true}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_interval":0}""",
        """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_interval":86401}""",
        """{"name":"bad","hub":"custom","value":"CANARY"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"nonsense"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"ftp://example.com/v1"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"file:///etc/passwd"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"https://user:CANARY@example.com/v1"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"https://example.com/v1?key=CANARY"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"http://example.com/v1"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"https://10.1.2.3/v1"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"http://169.254.169.254/latest"}""",
        """{"name":"bad","hub":"custom","value":"CANARY","url":"https://[::ffff:10.0.0.1]/v1"}""",
        """{"name":"bad","hub":"bedrock","hub_config":"CANARY"}""",
        """{"name":"bad","hub":"bedrock","hub_config":{"region":7,"access_key":"CANARY","secret_access_key":"CANARY"}}""",
        """{"name":"bad","hub":"bedrock","hub_config":{"region":"eu-central-1"}}""",
        $$"""{"name":"bad","hub":"openai","value":"CANARY","hub_config":{{Nested(200)}}}""");

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task A_bad_key_is_a_422_that_says_where_and_stores_nothing(string body)
    {
        var before = await host.GetAsync("/v1/api-keys");

        var answer = (await host.PostAsync("/v1/api-keys", body.Replace("CANARY", Canary, StringComparison.Ordinal))).MustRefuse(422);

        Assert.All(answer["detail"].EnumerateArray(), problem =>
        {
            Assert.Equal("body", problem.GetProperty("loc")[0].GetString());
            Assert.NotEmpty(problem.GetProperty("msg").GetString()!);
            Assert.NotEmpty(problem.GetProperty("type").GetString()!);
        });
        Assert.DoesNotContain(Canary, answer.Text, StringComparison.Ordinal);
        Assert.Equal(before.Text, (await host.GetAsync("/v1/api-keys")).Text);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        var answer = (await host.PostAsync("/v1/api-keys", """{"name":"","hub":"nowhere","rate_limit_per_interval":0,"rate_limit_interval":0}""")).MustRefuse(422);

        Assert.Equal(["hub", "name", "rate_limit_interval", "rate_limit_per_interval"],
            answer["detail"].EnumerateArray().Select(problem => problem.GetProperty("loc")[1].GetString()!).Order());
    }

    [Theory]
    [InlineData("""{"agent_name":"bad agent"}""", 422)]
    [InlineData("""{"model_name":"m"}""", 422)]
    [InlineData("""{"agent_name":7,"model_name":"m"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":null}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m\u0000"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","api_key_id":"00000000-0000-7000-8000-000000000000"}""", 404)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","id":"not-a-uuid"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","hub":"nowhere"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","hub_config":[]}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","agent_url":"ftp://x"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","api_key":"a","api_key_id":"b"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","api_key":"a","rate_limit_requests_per_minute":0}""", 422)]
    public async Task A_bad_agent_is_refused(string body, int status)
    {
        (await host.PostAsync("/v1/agent-configurations", body)).MustRefuse(status);

        Assert.DoesNotContain("bad agent", (await host.GetAsync("/v1/agent-configurations")).Text, StringComparison.Ordinal);
    }

    /// <summary>The client asks before it sends: the server refuses by the announced length and reads none of it, so one that sends at once may find the line cut.</summary>
    [Fact]
    public async Task A_body_over_a_mebibyte_is_a_413() =>
        (await host.SendAsync(HttpMethod.Post, "/v1/api-keys", $$"""{"name":"{{new string('n', 1 << 20)}}"}""", null, ("Expect", "100-continue"))).MustRefuse(413, "body_too_large");

    [Fact]
    public async Task A_token_in_the_URL_is_refused() =>
        (await host.GetAsync($"/v1/api-keys?token={host.Token}")).MustRefuse(400, "token_in_url");

    [Fact]
    public async Task A_method_that_a_route_does_not_take_is_told_so()
    {
        var answer = (await host.SendAsync(HttpMethod.Patch, "/v1/api-keys", "{}", null)).MustRefuse(405, "method_not_allowed");

        Assert.Contains("PATCH", answer["detail"].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/evaluations")]
    [InlineData("/v1/nothing/of/the/kind")]
    [InlineData("/v1/api-keys/a/b/c")]
    public async Task An_unknown_path_is_a_404_for_everybody(string path)
    {
        (await host.GetAsync(path)).MustRefuse(404);
        (await host.GetAsync(path, "")).MustRefuse(404);
    }

    [Theory]
    [InlineData("/v1/usage?by=colour")]
    [InlineData("/v1/usage?since=yesterday")]
    [InlineData("/v1/usage?since=20&until=10")]
    [InlineData("/v1/audit?after=x")]
    [InlineData("/v1/audit?limit=0")]
    [InlineData("/v1/agent-configurations?offset=-1")]
    public async Task A_bad_query_parameter_is_a_422(string path) =>
        Assert.Equal("query", (await host.GetAsync(path)).MustRefuse(422)["detail"][0].GetProperty("loc")[0].GetString());

    private static string Nested(int levels) => new StringBuilder().Insert(0, "[", levels).Append('1').Insert(levels + 1, "]", levels).ToString();
}
