using System.Text.Json;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class ImportCommandTests : IDisposable
{
    private const string Other = "sk-test-not-a-real-key-0002";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keypace-import-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_dotenv_file_is_shown_asked_for_and_stored()
    {
        await using var server = await ServerAsync();
        var file = Write(".env", $"""
            # keys
            export OPENAI_API_KEY="{Wires.Secret}"   # mine
            ANTHROPIC_API_KEY=your-key-here
            MISTRAL_API_KEY=
            OPENAI_API_KEY_OLD=x
            SOMEBODY_API_KEY='{Other}'
            PATH=/usr/bin
            """);

        var refused = await Typed.ByPersonAsync(server, ["n"], "import", file);
        Assert.Equal((1, 0), (refused.Exit, Posts(server).Count));

        var typed = await Typed.ByPersonAsync(server, ["y"], "import", file);
        Assert.Equal(0, typed.Exit);
        Assert.Contains("****0001", typed.Out, StringComparison.Ordinal);
        Assert.Contains("Skipped ANTHROPIC_API_KEY: it is a placeholder.", typed.Error, StringComparison.Ordinal);
        Assert.Contains("Skipped MISTRAL_API_KEY: it is empty.", typed.Error, StringComparison.Ordinal);
        Assert.Contains("Skipped SOMEBODY_API_KEY: no hub is known that reads it.", typed.Error, StringComparison.Ordinal);
        Assert.Equal($$"""{"name":"openai","hub":"openai","value":"{{Wires.Secret}}"}""", Assert.Single(Posts(server)).Body);
        Assert.DoesNotContain(Wires.Secret, typed.Out + typed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Other, typed.Out + typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_litellm_configuration_gives_each_key_once_with_its_lowest_limit()
    {
        await using var server = await ServerAsync();
        var file = Write("config.yaml", $"""
            model_list:
              - model_name: big
                litellm_params: {"{"}model: openai/gpt-4o, api_key: os.environ/OPENAI_KEY_A, rpm: 500{"}"}
              - model_name: small
                litellm_params:
                  model: gpt-4o-mini
                  api_key: os.environ/OPENAI_KEY_A
                  rpm: 60
              - model_name: local
                litellm_params: {"{"}model: openai/llama, api_base: "http://10.2.0.7:8000/v1", litellm_credential_name: ours{"}"}
              - model_name: missing
                litellm_params: {"{"}model: openai/x, api_key: os.environ/NOT_SET{"}"}
              - model_name: cloud
                litellm_params: {"{"}model: vertex_ai/gemini{"}"}
            credential_list:
              - credential_name: ours
                credential_values: {"{"}api_key: {Other}{"}"}
            """);

        var typed = await Typed.RunAsync(server, ["import", file, "--yes"], "", [], new Dictionary<string, string> { ["OPENAI_KEY_A"] = Wires.Secret });

        Assert.Equal(0, typed.Exit);
        Assert.Equal(
            [
                $$"""{"name":"openai","hub":"openai","value":"{{Wires.Secret}}","rate_limit_per_interval":60,"rate_limit_interval":60}""",
                $$"""{"name":"10.2.0.7","hub":"custom","value":"{{Other}}","url":"http://10.2.0.7:8000/v1"}""",
            ],
            Posts(server).Select(asked => asked.Body));
        Assert.Contains("Skipped model missing: the variable NOT_SET is not set.", typed.Error, StringComparison.Ordinal);
        Assert.Contains("Skipped model cloud: the credential of vertex_ai has several parts", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_may_be_quoted_and_have_its_own_separator()
    {
        await using var server = await ServerAsync();
        var file = Write("keys.csv", $"Name;Hub;Value;Limit\n\"main; \"\"new\"\"\";openai;{Wires.Secret};600/60\nbad;openai;{Other};fast\n;openai;{Other};\n");
        var typed = await Typed.ByScriptAsync(server, "import", file, "--yes", "--json");
        Assert.Equal(0, typed.Exit);
        Assert.Equal($$"""{"name":"main; \u0022new\u0022","hub":"openai","value":"{{Wires.Secret}}","rate_limit_per_interval":600,"rate_limit_interval":60}""", Assert.Single(Posts(server)).Body);
        Assert.Equal(2, JsonDocument.Parse(typed.Out).RootElement.GetProperty("skipped").GetArrayLength());
    }

    [Fact]
    public async Task The_environment_gives_the_variables_of_the_hubs()
    {
        await using var server = await ServerAsync();
        var typed = await Typed.RunAsync(server, ["import", "--environment", "--yes"], "", [], new Dictionary<string, string>
        {
            ["OPENAI_API_KEY"] = Wires.Secret,
            ["AWS_ACCESS_KEY_ID"] = "AKIATESTNOTREAL",
            ["AWS_SECRET_ACCESS_KEY"] = Other,
            ["AWS_REGION"] = "eu-west-1",
        });
        Assert.Equal(0, typed.Exit);
        Assert.Equal(["openai", "bedrock"], Posts(server).Select(asked => JsonDocument.Parse(asked.Body).RootElement.GetProperty("hub").GetString()));
        Assert.DoesNotContain(Other, typed.Out + typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_already_is_not_stored_again()
    {
        await using var server = await ServerAsync(Wires.Key);
        var file = Write("keys.csv", $"name,hub,value\nother name,openai,{Wires.Secret}\nOpenAI-Main,openai,{Other}\nx,opnai,{Other}3\ny,custom,{Other}4\n");
        var typed = await Typed.ByScriptAsync(server, "import", file, "--yes");
        Assert.Equal(0, typed.Exit);
        Assert.Empty(Posts(server));
        Assert.Contains("line 2: it seems to be stored already, as 'openai-main'", typed.Error, StringComparison.Ordinal);
        Assert.Contains("line 3: there is another key named 'OpenAI-Main'", typed.Error, StringComparison.Ordinal);
        Assert.Contains("line 4: the server knows no hub 'opnai'. Did you mean 'openai'?", typed.Error, StringComparison.Ordinal);
        Assert.Contains("line 5: a key of custom needs an address", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_one_is_refused_those_before_it_are_taken_back()
    {
        await using var server = await ServerAsync();
        server.On("POST /v1/api-keys", asked => asked.Body.Contains("second", StringComparison.Ordinal)
            ? new Answer(409, "application/json", """{"detail":"The name is taken.","code":"name_taken","request_id":"r"}""", [])
            : new Answer(200, "application/json", Wires.Key, []));
        server.On($"DELETE /v1/api-keys/{Wires.KeyId}", $$"""{"id":"{{Wires.KeyId}}","name":"first","deleted":true,"agents_without_key":[],"restorable_until":1}""");
        var file = Write("keys.csv", $"name,hub,value\nfirst,openai,{Wires.Secret}\nsecond,openai,{Other}\n");

        var typed = await Typed.ByScriptAsync(server, "import", file, "--yes");

        Assert.Equal(3, typed.Exit);
        Assert.Contains("'second' (line 3) could not be stored: The name is taken. None was stored.", typed.Error, StringComparison.Ordinal);
        Assert.Single(server.Asked, asked => asked.Method == "DELETE");
    }

    [Theory]
    [InlineData("c.yaml", "model_list: [sk-test-not-a-real-key-0009", "is not YAML")]
    [InlineData("c.yaml", "a: sk-test-not-a-real-key-0009", "no model_list")]
    [InlineData("k.csv", "name,secret\na,sk-test-not-a-real-key-0009", "the columns name, hub and value")]
    [InlineData("keys.txt", "sk-test-not-a-real-key-0009", "--kind")]
    public async Task A_file_that_cannot_be_read_is_an_error_that_repeats_nothing_of_it(string name, string text, string said)
    {
        await using var server = await ServerAsync();
        var typed = await Typed.ByScriptAsync(server, "import", Write(name, text), "--yes");
        Assert.Equal(2, typed.Exit);
        Assert.Contains(said, typed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("0009", typed.Error, StringComparison.Ordinal);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task A_script_has_to_say_yes()
    {
        await using var server = await ServerAsync();
        Assert.Equal(2, (await Typed.ByScriptAsync(server, "import", Write(".env", $"OPENAI_API_KEY={Wires.Secret}"))).Exit);
        Assert.Empty(Posts(server));
    }

    private static List<Asked> Posts(AnswerServer server) => [.. server.Asked.Where(asked => asked.Method == "POST")];

    private static async Task<AnswerServer> ServerAsync(params string[] keys) => (await AnswerServer.StartAsync())
        .On("GET /v1/hubs", Wires.Hubs).On("GET /v1/api-keys", Wires.Keys(keys)).On("POST /v1/api-keys", Wires.Key);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
