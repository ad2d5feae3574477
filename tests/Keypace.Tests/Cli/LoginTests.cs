using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class LoginTests : IDisposable
{
    private const string Me =
        """{"user_id":"u1","email":"ann@example.test","status":"ACTIVE","created_at":1,"updated_at":1,"team_id":"t1","team_role":"admin"}""";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("keypace-login-");

    private string ProfilePath => Path.Combine(_home.FullName, ".config", "keypace", "profile.json");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public async Task A_token_from_a_pipe_is_checked_and_kept_for_its_owner_alone()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/users/me", Me);

        var typed = await RunAsync(Wires.Token + "\n", "login", "--base-url", server.Address + "v1");

        Assert.Equal((0, $"Logged in at {server.Address} as ann@example.test (admin).\n"), (typed.Exit, typed.Out));
        Assert.Equal("Bearer " + Wires.Token, server.Asked.Single().Authorization);
        Assert.DoesNotContain(Wires.Token, typed.Out + typed.Error, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ProfilePath));

        server.On("GET /v1/hubs", Wires.Hubs);
        Assert.Equal(0, (await RunAsync("", "hubs", "list")).Exit);
        Assert.Equal(0, (await RunAsync("", "logout")).Exit);
        Assert.Equal(2, (await RunAsync("", "hubs", "list")).Exit);
        Assert.Empty(_home.EnumerateFiles("*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(401, """{"detail":"No valid access token came.","code":"unauthorized","request_id":"r"}""", "No valid access token came.")]
    [InlineData(200, """{"object":"list","data":[]}""", "no Keypace server")]
    [InlineData(200, "<html>", "not as a Keypace server")]
    [InlineData(403, """{"detail":"go away"}""", "go away")]
    public async Task What_is_not_accepted_is_not_kept(int status, string answer, string said)
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/users/me", answer, status);
        var typed = await RunAsync(Wires.Token, "login", "--base-url", server.Address.ToString());
        Assert.Equal(1, typed.Exit);
        Assert.Contains(said, typed.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(ProfilePath));
    }

    [Fact]
    public async Task A_token_that_may_only_ask_is_kept_too()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/users/me", """{"detail":"no","code":"scope_missing","request_id":"r"}""", 403);
        var typed = await RunAsync(Wires.Token, "login", "--base-url", server.Address.ToString());
        Assert.Equal(0, typed.Exit);
        Assert.Contains("not manage", typed.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_profile_is_replaced_by_a_login()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/users/me", Me);
        Directory.CreateDirectory(Path.GetDirectoryName(ProfilePath)!);
        File.WriteAllText(ProfilePath, "{");
        Assert.Equal(0, (await RunAsync(Wires.Token, "login", "--base-url", server.Address.ToString())).Exit);
        Assert.Contains(Wires.Token, File.ReadAllText(ProfilePath), StringComparison.Ordinal);
    }

    private Task<Typed> RunAsync(string input, params string[] args) =>
        Typed.RunAsync(null, args, input, [], new Dictionary<string, string> { ["HOME"] = _home.FullName });
}
