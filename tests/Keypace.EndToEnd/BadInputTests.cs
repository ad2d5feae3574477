using System.Text;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Whatever is wrong with a request: the right 4xx in the route's own shape, never a 500, and nothing changed.</summary>
public sealed class BadInputTests(SharedKeypace keypace)
{
    private const string Canary = "sk-test-canary-in-bad-input-0001";

    private Api Api => keypace.Api;

    public static TheoryData<string, string> BadKeys => new()
    {
        { "not JSON", "{" },
        { "empty", "" },
        { "a list", "[]" },
        { "no name", """{"hub":"openai","value":"CANARY"}""" },
        { "null name", """{"name":null,"hub":"openai","value":"CANARY"}""" },
        { "name of another type", """{"name":7,"hub":"openai","value":"CANARY"}""" },
        { "empty name", """{"name":"   ","hub":"openai","value":"CANARY"}""" },
        { "long name", $$"""{"name":"{{new string('n', 129)}}","hub":"openai","value":"CANARY"}""" },
        { "control character", """{"name":"a\u0007b","hub":"openai","value":"CANARY"}""" },
        { "line break in the name", """{"name":"a\nb","hub":"openai","value":"CANARY"}""" },
        { "lone surrogate", """{"name":"a\ud800b","hub":"openai","value":"CANARY"}""" },
        { "no hub", """{"name":"bad","value":"CANARY"}""" },
        { "unknown hub", """{"name":"bad","hub":"nowhere","value":"CANARY"}""" },
        { "no secret", """{"name":"bad","hub":"openai"}""" },
        { "empty secret", """{"name":"bad","hub":"openai","value":""}""" },
        { "secret of another type", """{"name":"bad","hub":"openai","value":["CANARY"]}""" },
        { "line break in the secret", """{"name":"bad","hub":"openai","value":"CANARY\r\nX-Evil: 1"}""" },
        { "zero limit", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":0}""" },
        { "negative limit", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":-1}""" },
        { "huge limit", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":1000001}""" },
        { "limit beyond any integer", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":99999999999999999999}""" },
        { "limit as text", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":"60"}""" },
        { "broken limit", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_per_interval":1.5}""" },
        { "zero interval", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_interval":0}""" },
        { "long interval", """{"name":"bad","hub":"openai","value":"CANARY","rate_limit_interval":86401}""" },
        { "no address", """{"name":"bad","hub":"custom","value":"CANARY"}""" },
        { "not an address", """{"name":"bad","hub":"custom","value":"CANARY","url":"nonsense"}""" },
        { "another scheme", """{"name":"bad","hub":"custom","value":"CANARY","url":"ftp://example.com/v1"}""" },
        { "a file", """{"name":"bad","hub":"custom","value":"CANARY","url":"file:///etc/passwd"}""" },
        { "credentials in the address", """{"name":"bad","hub":"custom","value":"CANARY","url":"https://user:CANARY@example.com/v1"}""" },
        { "plain http", """{"name":"bad","hub":"custom","value":"CANARY","url":"http://example.com/v1"}""" },
        { "private address", """{"name":"bad","hub":"custom","value":"CANARY","url":"https://10.1.2.3/v1"}""" },
        { "metadata address", """{"name":"bad","hub":"custom","value":"CANARY","url":"http://169.254.169.254/latest"}""" },
        { "loopback by another name", """{"name":"bad","hub":"custom","value":"CANARY","url":"https://[::ffff:10.0.0.1]/v1"}""" },
        { "hub_config of another type", """{"name":"bad","hub":"bedrock","hub_config":"CANARY"}""" },
        { "hub_config without its fields", """{"name":"bad","hub":"bedrock","hub_config":{"region":"eu-central-1"}}""" },
        { "deep", $$"""{"name":"bad","hub":"openai","value":"CANARY","hub_config":{{Nested(200)}}}""" },
        { "not UTF-8 text", "{\"name\":\"bad\uFFFF" },
    };

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task A_bad_key_is_refused_and_nothing_is_stored(string what, string body)
    {
        var before = (await Api.GetAsync("/v1/api-keys?hubs=openai,custom,bedrock")).MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("name").GetString()).ToHashSet();

        var answer = await Api.PostAsync("/v1/api-keys", body.Replace("CANARY", Canary, StringComparison.Ordinal));

        Assert.True((int)answer.Status is 400 or 422, $"{what}: {(int)answer.Status} {answer.Text}");
        answer.MustRefuse((int)answer.Status);
        Secrets.MustBeAbsent(answer.Text, Canary, $"the answer to '{what}'");
        var after = (await Api.GetAsync("/v1/api-keys?hubs=openai,custom,bedrock")).MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("name").GetString());
        Assert.DoesNotContain(after, name => !before.Contains(name) && name is "bad" or "" or "7");
    }

    [Theory]
    [InlineData("""{"agent_name":"bad agent"}""", 422)]
    [InlineData("""{"model_name":"m"}""", 422)]
    [InlineData("""{"agent_name":7,"model_name":"m"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","api_key_id":"00000000-0000-7000-8000-000000000000"}""", 404)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","id":"not-a-uuid"}""", 422)]
    [InlineData("""{"agent_name":"bad agent","model_name":"m","hub":"nowhere"}""", 422)]
    public async Task A_bad_agent_is_refused(string body, int status)
    {
        var answer = await Api.PostAsync("/v1/agent-configurations", body);

        answer.MustRefuse((int)answer.Status is 404 or 422 && status == 404 ? (int)answer.Status : status);
        Assert.DoesNotContain("bad agent", (await Api.GetAsync("/v1/agent-configurations?limit=1000")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/api-keys/00000000-0000-7000-8000-000000000000")]
    [InlineData("PUT", "/v1/api-keys/00000000-0000-7000-8000-000000000000")]
    [InlineData("DELETE", "/v1/api-keys/not-an-id")]
    [InlineData("GET", "/v1/api-keys/00000000-0000-7000-8000-000000000000/status")]
    [InlineData("GET", "/v1/agent-configurations/%20")]
    [InlineData("PUT", "/v1/agent-configurations/00000000-0000-7000-8000-000000000000/archive")]
    [InlineData("GET", "/v1/access-tokens/nobody")]
    [InlineData("DELETE", "/v1/access-tokens/nobody")]
    public async Task An_unknown_id_is_a_404(string method, string path)
    {
        var answer = await Api.SendAsync(new HttpMethod(method), path, method == "PUT" ? new { name = "x" } : null, []);

        answer.MustRefuse(404);
    }

    [Theory]
    [InlineData("not JSON", "{\"model\":", 400, 400)]
    [InlineData("empty", "", 400, 422)]
    [InlineData("no model", "{\"messages\":[]}", 400, 422)]
    [InlineData("model of another type", "{\"model\":7}", 400, 422)]
    [InlineData("unknown hub", "{\"model\":\"nowhere/gpt\"}", 400, 404)]
    [InlineData("no hub at all", "{\"model\":\"gpt\"}", 400, 404)]
    [InlineData("unknown agent", "{\"model\":\"agent/nobody\"}", 404, 404)]
    [InlineData("no key of that hub", "{\"model\":\"nvidia/x\"}", 400, 409)]
    public async Task A_bad_query_is_refused_in_the_hubs_shape(string what, string body, int least, int most)
    {
        var answer = await Api.PostAsync("/v1/chat/completions", body);

        Assert.True((int)answer.Status >= least && (int)answer.Status <= most, $"{what}: {(int)answer.Status} {answer.Text}");
        answer.MustRefuseQuery((int)answer.Status);
    }

    [Fact]
    public async Task A_query_200_levels_deep_is_refused_or_forwarded_but_never_a_500()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, "deep query");

        var answer = await Api.PostAsync("/v1/chat/completions", $$"""{"model":"m","messages":{{Nested(200)}}}""", ("x-keypace-key", "deep%20query"));

        Assert.True((int)answer.Status is 200 or 400, answer.Text);
    }

    [Fact]
    public async Task An_unknown_key_in_the_header_or_the_path_is_a_404()
    {
        (await Api.ChatAsync("nobody knows this key")).MustRefuseQuery(404);
        (await Api.PostAsync("/keys/nobody/v1/chat/completions", Api.Chat("m"))).MustRefuseQuery(404);
        (await Api.PostAsync("/v1/images/generations", new { model = "m" })).MustBe(404);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    public async Task A_wait_that_is_no_number_of_seconds_is_refused(string wait)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, $"wait {wait}");

        (await Api.ChatAsync($"wait {wait}", null, ("x-keypace-max-wait", wait))).MustRefuseQuery(400);
        Assert.Equal(0, hub.Log.Count);
    }

    internal static string Nested(int levels) => new StringBuilder().Insert(0, "[", levels).Append('1').Insert(levels + 1, "]", levels).ToString();
}
