using System.Text.Json;
using Keypace.Cli.Importing;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

/// <summary>The forms in which people's files say a key, and where that key belongs.</summary>
public sealed class ImportFormsTests : IDisposable
{
    private const string Secret = Wires.Secret, Other = "sk-test-not-a-real-key-0002";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keypace-import-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("A=S", "S")]
    [InlineData("export A = S   # comment", "S")]
    [InlineData("export\tA=S", "S")]
    [InlineData("A=S#no comment", "S#no comment")]
    [InlineData("A='S $B'", "S $B")]
    [InlineData("A=`S $B`", "S $B")]
    [InlineData("A=\"one\\ntwo\"", "one\ntwo")]
    [InlineData("A=\"one\ntwo\" # comment", "one\ntwo")]
    [InlineData("A='one\r\ntwo'", "one\ntwo")]
    [InlineData("B=x\nA=${B}y", "xy")]
    [InlineData("B=x\nA=\"$B-y\"", "x-y")]
    [InlineData("A=$SET", "from outside")]
    [InlineData("A=${NOT_SET:-x}", "x")]
    [InlineData("A=${EMPTY:-x}", "x")]
    [InlineData("A=${EMPTY-x}", "")]
    [InlineData("A=${NOT_SET-x}", "x")]
    [InlineData("A=a$5b\\$c", "a$5b$c")]
    [InlineData("A=1\nA=2", "2")]
    [InlineData("DEBUG\nexport DEBUG\nA=S", "S")]
    public void A_value_is_what_the_usual_readers_take(string text, string value)
    {
        var found = new Findings();
        var read = new DotEnv(name => name switch { "SET" => "from outside", "EMPTY" => "", _ => null }).Read(text, found);
        Assert.Equal(value, read["A"]);
        Assert.Empty(found.Skipped);
    }

    [Theory]
    [InlineData("A=$NOT_SET", "line 1", "a variable that is not set")]
    [InlineData("A=${NOT_SET}", "line 1", "a variable that is not set")]
    [InlineData("A=${B:?no}", "line 1", "not read here")]
    [InlineData("A=${B", "line 1", "not read here")]
    [InlineData("A=$(cat key)", "line 1", "run a command")]
    [InlineData("A=\"x", "line 1", "never closed")]
    [InlineData("A='x'y", "line 1", "behind its closing quote")]
    [InlineData("# c\nsk-test-not-a-real-key-0009", "line 2", "not NAME=value")]
    [InlineData("=x", "line 1", "not NAME=value")]
    public void What_is_not_understood_skips_its_line_and_not_the_file(string text, string where, string why)
    {
        var found = new Findings();
        var read = new DotEnv(_ => null).Read(text + "\nGOOD=1", found);
        Assert.Equal("1", read["GOOD"]);
        Assert.False(read.ContainsKey("A"));
        var skipped = Assert.Single(found.Skipped);
        Assert.Equal(where, skipped.What);
        Assert.Contains(why, skipped.Why, StringComparison.Ordinal);
        Assert.DoesNotContain("0009", skipped.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OPENAI_BASE_URL=$PRIVATE")]
    [InlineData("OPENAI_API_BASE=\"http://10.0.0.7")]
    public async Task A_key_whose_address_cannot_be_read_is_stored_nowhere(string address)
    {
        var (posts, said) = await ImportAsync(".env", $"OPENAI_API_KEY={Secret}\n{address}\n");
        Assert.Empty(posts);
        Assert.Contains("Skipped OPENAI_API_KEY: the address beside it", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OPENAI_BASE_URL=http://10.0.0.7:8000/v1", "custom", "http://10.0.0.7:8000/v1")]
    [InlineData("OPENAI_BASE_URL=http://10.0.0.7/?x=://api.openai.com", "custom", "http://10.0.0.7/?x=://api.openai.com")]
    [InlineData("OPENAI_BASE_URL=https://api.openai.com/v1", "openai", null)]
    [InlineData("OPENAI_BASE_URL=", "openai", null)]
    public async Task A_key_beside_an_address_belongs_to_that_address(string address, string hub, string? url)
    {
        var (posts, _) = await ImportAsync(".env", $"{address}\nOPENAI_API_KEY={Secret}\n");
        Assert.Equal((hub, url), Place(Assert.Single(posts)));
    }

    [Theory]
    [InlineData("model: hosted_vllm/llama, api_key: K", null, null)]
    [InlineData("model: hosted_vllm/llama, api_key: K, api_base: \"http://10.0.0.7/v1\"", "custom", "http://10.0.0.7/v1")]
    [InlineData("model: openai/llama, api_key: K, api_base: os.environ/NOT_SET", null, null)]
    [InlineData("model: openai/llama, api_key: K, api_base: os.environ/PRIVATE", "custom", "http://10.0.0.9/v1")]
    [InlineData("model: openai/llama, api_key: K", "openai", null)]
    [InlineData("model: llama, custom_llm_provider: openai_like, api_key: K", null, null)]
    [InlineData("model: gpt-4o, <<: *base", "custom", "http://10.0.0.8/v1")]
    [InlineData("model: gpt-4o, <<: [*none, *base]", "custom", "http://10.0.0.8/v1")]
    public async Task A_private_endpoints_key_is_never_given_to_a_public_hub(string model, string? hub, string? url)
    {
        var text = $$"""
            none: &none {}
            base: &base {api_base: "http://10.0.0.8/v1", api_key: {{Secret}}}
            model_list:
              - model_name: a
                litellm_params: { {{model.Replace("K", Secret, StringComparison.Ordinal)}} }
            """;
        var (posts, said) = await ImportAsync("config.yaml", text, new() { ["PRIVATE"] = "http://10.0.0.9/v1" });
        if (hub is null)
        {
            Assert.Empty(posts);
            Assert.Contains("Skipped model a:", said, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal((hub, url), Place(Assert.Single(posts)));
        }
    }

    [Fact]
    public async Task A_provider_whose_address_stands_in_a_variable_is_found_there()
    {
        var text = $$"""
            environment_variables: {OPENAI_API_BASE: "http://10.0.0.5/v1", KEY: os.environ/REAL}
            model_list:
              - {model_name: a, litellm_params: {model: openai/llama, api_key: os.environ/KEY, rpm: 20.0} }
              - {model_name: b, litellm_params: {model: hosted_vllm/llama, api_key: {{Other}} } }
            """;
        var (posts, _) = await ImportAsync("config.yaml", text, new() { ["REAL"] = Secret, ["HOSTED_VLLM_API_BASE"] = "http://10.0.0.6/v1" });
        Assert.Equal([("custom", "http://10.0.0.5/v1"), ("custom", "http://10.0.0.6/v1")], posts.Select(Place));
        Assert.Equal(20, posts[0].GetProperty("rate_limit_per_interval").GetInt32());
    }

    [Fact]
    public async Task A_mapping_that_merges_itself_ends()
    {
        var (posts, said) = await ImportAsync("config.yaml", "model_list:\n  - model_name: a\n    litellm_params: &self\n      model: openai/x\n      <<: *self\n");
        Assert.Empty(posts);
        Assert.DoesNotContain("bug", said, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(".env", "OPENAI_API_KEY=@\r\n")]
    [InlineData("keys.csv", "name,hub,value\r\nfirst,openai,@\r\n")]
    [InlineData("config.yaml", "model_list:\r\n  - model_name: a\r\n    litellm_params:\r\n      model: openai/a\r\n      api_key: @\r\n")]
    public async Task A_byte_order_mark_is_no_part_of_a_file(string name, string text)
    {
        var (posts, _) = await ImportAsync(name, "\uFEFF" + text.Replace("@", Secret, StringComparison.Ordinal));
        Assert.Equal(Secret, Assert.Single(posts).GetProperty("value").GetString());
    }

    private static (string? Hub, string? Url) Place(JsonElement post) =>
        (post.GetProperty("hub").GetString(), post.TryGetProperty("url", out var url) ? url.GetString() : null);

    private async Task<(JsonElement[] Posts, string Said)> ImportAsync(string name, string text, Dictionary<string, string>? environment = null)
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/hubs", Wires.Hubs).On("GET /v1/api-keys", Wires.Keys()).On("POST /v1/api-keys", Wires.Key);
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        var typed = await Typed.RunAsync(server, ["import", path, "--yes"], "", [], environment ?? []);
        Assert.DoesNotContain(Secret, typed.Out + typed.Error, StringComparison.Ordinal);
        return ([.. server.Asked.Where(asked => asked.Method == "POST").Select(asked => JsonDocument.Parse(asked.Body).RootElement)], typed.Error);
    }
}
