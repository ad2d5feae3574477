using System.Text.Json;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class TokenCommandsTests
{
    private const string LeakedSecretPart = "0123456789012345678901234567890123456789012345678";

    private static readonly string s_made = Wires.AccessToken.Replace("\"active\"", "\"active\",\"token\":\"kpa_the-new-token\"", StringComparison.Ordinal);

    [Fact]
    public async Task A_new_token_stands_alone_on_standard_output()
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/access-tokens", s_made);

        var plain = await Typed.ByScriptAsync(server, "tokens", "create", "notebook", "--scope", "query", "--agent", "bot", "--expires", "30d", "--weight", "2");
        var json = await Typed.ByScriptAsync(server, "tokens", "create", "notebook", "--json");

        Assert.Equal((0, "kpa_the-new-token\n"), (plain.Exit, plain.Out));
        Assert.Contains("'notebook'", plain.Error, StringComparison.Ordinal);
        Assert.Equal(
            $$"""{"name":"notebook","scopes":["query"],"agents":["bot"],"weight":2,"expires_at":{{Typed.Now.AddDays(30).ToUnixTimeSeconds()}}}""", server.Asked[0].Body);
        Assert.Equal("kpa_the-new-token", JsonDocument.Parse(json.Out).RootElement.GetProperty("token").GetString());
    }

    [Fact]
    public async Task A_new_token_is_written_to_a_new_file_that_only_its_owner_reads()
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/access-tokens", s_made);
        var folder = Directory.CreateTempSubdirectory("keypace-cli-").FullName;
        var file = Path.Combine(folder, "token");

        var first = await Typed.ByScriptAsync(server, "tokens", "create", "notebook", "--output", file, "--json");
        var second = await Typed.ByScriptAsync(server, "tokens", "create", "notebook", "--output", file);

        Assert.Equal((0, 2), (first.Exit, second.Exit));
        Assert.DoesNotContain("kpa_the-new-token", first.Out + first.Error, StringComparison.Ordinal);
        Assert.Equal("kpa_the-new-token\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Single(server.Asked);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_token_that_was_refused_leaves_no_file()
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/access-tokens", """{"detail":"No.","code":"forbidden","request_id":"r"}""", 403);
        var folder = Directory.CreateTempSubdirectory("keypace-cli-").FullName;
        var typed = await Typed.ByScriptAsync(server, "tokens", "create", "notebook", "--output", Path.Combine(folder, "token"));
        Assert.Equal(1, typed.Exit);
        Assert.Empty(Directory.GetFiles(folder));
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Leaked_tokens_are_revoked_by_their_public_part_alone()
    {
        await using var server = Revocable(await AnswerServer.StartAsync());

        var typed = await Typed.ByPipeAsync(server, $"log line kpa_7Qm3xT9bLw2K_{LeakedSecretPart} end\n\nnotebook\n", "tokens", "revoke", "--stdin");

        Assert.Equal((0, "Revoked 'notebook' (7Qm3xT9bLw2K).\n"), (typed.Exit, typed.Out));
        Assert.DoesNotContain(server.Asked, asked => (asked.Path + asked.Query + asked.Body).Contains(LeakedSecretPart, StringComparison.Ordinal));
        Assert.Single(server.Asked, asked => asked.Method == "DELETE");
    }

    [Fact]
    public async Task A_typo_among_tokens_to_revoke_revokes_none()
    {
        await using var server = Revocable(await AnswerServer.StartAsync());
        var unknown = await Typed.ByScriptAsync(server, "tokens", "revoke", "notebook", "notebok");
        var leaked = await Typed.ByPipeAsync(server, $"kpa_AAAAAAAAAAAA_{LeakedSecretPart}", "tokens", "revoke", "--stdin");
        var none = await Typed.ByScriptAsync(server, "tokens", "revoke");
        Assert.Equal((1, 1, 2), (unknown.Exit, leaked.Exit, none.Exit));
        Assert.Contains("Did you mean 'notebook'?", unknown.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(LeakedSecretPart, leaked.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method == "DELETE");
    }

    private static AnswerServer Revocable(AnswerServer server) => server
        .On("GET /v1/access-tokens", $"[{Wires.AccessToken}]")
        .On("DELETE /v1/access-tokens/7Qm3xT9bLw2K", Wires.AccessToken.Replace("active", "revoked", StringComparison.Ordinal));
}
