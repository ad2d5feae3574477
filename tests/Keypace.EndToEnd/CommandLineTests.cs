using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The built command line against a running server; secrets come by file or standard input only.</summary>
public sealed class CommandLineTests(SharedKeypace keypace)
{
    private const string Secret = "sk-test-not-a-real-key-by-cli-7890";

    [Fact]
    public async Task A_key_is_stored_from_standard_input_listed_renamed_switched_and_deleted()
    {
        var made = await RunAsync(Secret + "\n", "api-keys", "create", "by cli", "--hub", "openai", "--limit", "30/60", "--json");
        Assert.True(made.ExitCode == 0, made.Output);
        Secrets.MustBeAbsent(made.Output, Secret, "what was printed");
        Assert.Equal("****7890", JsonDocument.Parse(made.Output).RootElement.GetProperty("display_value").GetString());

        await MustWorkAsync("api-keys", "rename", "by cli", "by cli 2");
        await MustWorkAsync("api-keys", "modify", "by cli 2", "--limit", "31/60");
        await MustWorkAsync("api-keys", "disable", "by cli 2");
        var shown = JsonDocument.Parse(await MustWorkAsync("api-keys", "show", "by cli 2", "--json")).RootElement;
        Assert.Equal("disabled", shown.GetProperty("status").GetString());
        Assert.Equal(31, shown.GetProperty("rate_limit_per_interval").GetInt32());
        await MustWorkAsync("api-keys", "enable", "by cli 2");
        Assert.Contains("by cli 2", await MustWorkAsync("api-keys", "list"), StringComparison.Ordinal);
        await MustWorkAsync("api-keys", "delete", "by cli 2", "--yes");
        Assert.Equal(1, (await RunAsync("", "api-keys", "show", "by cli 2")).ExitCode);
    }

    [Fact]
    public async Task A_key_is_stored_from_a_file()
    {
        using var temporary = TemporaryFolder.Create("keypace-e2e-");

        await MustWorkAsync("api-keys", "create", "from file", "--hub", "openai", "--value-file", temporary.Write("secret", Secret));

        Assert.Contains("****7890", await MustWorkAsync("api-keys", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_agents_hubs_usage_and_audit_answer()
    {
        var token = (await MustWorkAsync("tokens", "create", "for a notebook", "--scope", "query")).Split('\n').First(line => line.StartsWith("kpa_", StringComparison.Ordinal)).Trim();
        using var notebook = new Api(keypace.Running.Address, token);
        (await notebook.GetAsync("/v1/api-keys")).MustRefuse(403);
        await MustWorkAsync("tokens", "revoke", "for a notebook");
        (await notebook.GetAsync("/v1/api-keys")).MustRefuse(401);

        Assert.Contains("together", await MustWorkAsync("hubs", "list"), StringComparison.Ordinal);
        await MustWorkAsync("agents", "list", "--json");
        await MustWorkAsync("usage");
        Assert.Contains("for a notebook", await MustWorkAsync("audit", "--json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_have_their_exit_codes()
    {
        Assert.Equal(2, (await RunAsync("", "api-keys", "create")).ExitCode);
        Assert.Equal(1, (await RunAsync("", "api-keys", "show", "nobody knows this key")).ExitCode);
        var unreachable = await ChildProcess.RunAsync(
            Checkout.Executable, ["api-keys", "list"], new Dictionary<string, string>(keypace.Running.Folder.Environment) { ["KEYPACE_BASE_URL"] = "http://127.0.0.1:9", ["KEYPACE_TOKEN"] = "x" });
        Assert.Equal(1, unreachable.ExitCode);
    }

    private async Task<string> MustWorkAsync(params string[] arguments)
    {
        var (exitCode, output) = await RunAsync("", arguments);
        Assert.True(exitCode == 0, $"keypace {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        return output;
    }

    private Task<(int ExitCode, string Output)> RunAsync(string input, params string[] arguments) => ChildProcess.RunAsync(
        Checkout.Executable,
        [.. arguments, "--base-url", keypace.Running.Address.ToString(), "--token-file", keypace.Running.Folder.TokenFile],
        keypace.Running.Folder.Environment,
        input);
}
