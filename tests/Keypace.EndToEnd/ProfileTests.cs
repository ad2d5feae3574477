using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A person's day with the built command line: login, status, import, query, env, completion; with a home of its own.</summary>
public sealed class ProfileTests(OneKeyKeypace one) : IClassFixture<OneKeyKeypace>
{
    private const string Found = "sk-test-not-a-real-key-found-in-env-4321";

    [Fact]
    public async Task From_login_to_logout()
    {
        using var home = TemporaryFolder.Create("keypace-home-");
        var token = one.Keypace.Folder.Token;
        var address = one.Keypace.Address.GetLeftPart(UriPartial.Authority);

        Assert.Contains("Logged in", await MustAsync(home, 0, token + "\n", "login", "--base-url", address + "/v1"), StringComparison.Ordinal);
        var status = await MustAsync(home, 0, "", "status");
        Assert.Contains("takes queries", status, StringComparison.Ordinal);
        Assert.Contains(KeypaceFolder.OwnerEmail, status, StringComparison.Ordinal);
        Assert.Contains("pretend hub says hello", await MustAsync(home, 0, "", "query", "Say hello.", "--agent", "helper"), StringComparison.Ordinal);
        Assert.Contains("Did you mean 'helper'?", await MustAsync(home, 1, "", "query", "Say hello.", "--agent", "hlper"), StringComparison.Ordinal);
        // At each press of Tab it waits a moment and no longer: a machine that is full may say nothing the first time.
        await Until.TrueAsync(async () => (await MustAsync(home, 0, "", "[suggest]", "keypace query hi --agent he")).Contains("helper", StringComparison.Ordinal), "agents are suggested", TimeSpan.FromMinutes(5));

        var variables = await MustAsync(home, 0, "", "env", "--agent", "helper", "--shell", "sh");
        Assert.Contains($"export OPENAI_BASE_URL='{address}/v1'", variables, StringComparison.Ordinal);
        Secrets.MustBeAbsent(variables, token, "what env printed");
        Assert.Equal(token, (await MustAsync(home, 0, "", "env", "--print-token")).Trim());

        var file = home.Write(".env", $"OPENAI_API_KEY={Found}\nMISTRAL_API_KEY=\n");
        var imported = await MustAsync(home, 0, "", "import", file, "--yes");
        Assert.Contains("****4321", imported, StringComparison.Ordinal);
        Assert.Contains("Skipped MISTRAL_API_KEY: it is empty.", imported, StringComparison.Ordinal);
        Secrets.MustBeAbsent(imported, Found, "what import printed");
        Assert.Contains("stored already, as 'openai'", await MustAsync(home, 0, "", "import", file, "--yes"), StringComparison.Ordinal);

        await MustAsync(home, 0, "", "logout");
        await MustAsync(home, 2, "", "status");
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task The_scripts_are_read_by_their_shell(string shell)
    {
        using var home = TemporaryFolder.Create("keypace-home-");
        var script = home.Write("script", await MustAsync(home, 0, "", "completion", shell));
        if (!Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, shell))))
        {
            Assert.Contains("'[suggest]'", File.ReadAllText(script), StringComparison.Ordinal);   // that shell is not here; what it would call is
            return;
        }

        var (exit, output) = await ChildProcess.RunAsync(shell, ["-n", script]);
        Assert.True(exit == 0, output);
    }

    [Fact]
    public async Task Bash_completes_what_the_program_suggests()
    {
        using var home = TemporaryFolder.Create("keypace-home-");
        var script = home.Write("script", await MustAsync(home, 0, "", "completion", "bash"));
        var (_, output) = await ChildProcess.RunAsync(
            "bash", ["-c", "source \"$1\"; COMP_WORDS=(\"$2\" api-keys re); COMP_LINE='keypace api-keys re'; COMP_POINT=${#COMP_LINE}; _keypace; printf '%s ' \"${COMPREPLY[@]}\"", "bash", script, Checkout.Executable],
            new Dictionary<string, string> { ["HOME"] = home.Path });
        Assert.Equal("rename restore", output.Trim());
    }

    private static async Task<string> MustAsync(TemporaryFolder home, int exit, string input, params string[] arguments)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            Checkout.Executable, arguments, new Dictionary<string, string> { ["HOME"] = home.Path, ["XDG_CONFIG_HOME"] = home.File("config") }, input);
        Assert.True(exitCode == exit, $"keypace {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        return output;
    }
}
