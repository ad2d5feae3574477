using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class ConnectionTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("keypace-cli-").FullName;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task An_option_beats_the_environment_and_a_file_of_the_environment_comes_last()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", "[]");
        var (fromOption, fromFile) = (Write("option", "from-option\n"), Write("file", "from-file\n"));

        await RunAsync(new() { ["KEYPACE_TOKEN"] = "from-variable", ["KEYPACE_TOKEN_FILE"] = fromFile }, "hubs", "list", "--base-url", server.Address.ToString(), "--token-file", fromOption);
        await RunAsync(new() { ["KEYPACE_TOKEN"] = "from-variable", ["KEYPACE_TOKEN_FILE"] = fromFile }, "hubs", "list", "--base-url", server.Address.ToString());
        await RunAsync(new() { ["KEYPACE_BASE_URL"] = server.Address.ToString(), ["KEYPACE_TOKEN_FILE"] = fromFile }, "hubs", "list");

        Assert.Equal(["Bearer from-option", "Bearer from-variable", "Bearer from-file"], server.Asked.Select(asked => asked.Authorization));
    }

    [Fact]
    public async Task The_profiles_token_goes_to_the_profiles_server_only()
    {
        await using var own = (await AnswerServer.StartAsync()).On("GET /v1/hubs", "[]");
        await using var other = (await AnswerServer.StartAsync()).On("GET /v1/hubs", "[]");
        WriteProfile(own.Address.ToString(), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var used = await RunAsync([], "hubs", "list");
        var refused = await RunAsync([], "hubs", "list", "--base-url", other.Address.ToString());

        Assert.Equal((0, 2), (used.Exit, refused.Exit));
        Assert.Equal("Bearer from-profile", Assert.Single(own.Asked).Authorization);
        Assert.Empty(other.Asked);
    }

    [Fact]
    public async Task A_profile_that_others_may_read_is_not_used()
    {
        WriteProfile("http://127.0.0.1:1", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var typed = await RunAsync([], "hubs", "list");
        Assert.Equal(2, typed.Exit);
        Assert.Contains("chmod 600", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_the_sentence_says_where_one_comes_from()
    {
        var typed = await RunAsync([], "hubs", "list");
        Assert.Equal(2, typed.Exit);
        Assert.Contains("KEYPACE_TOKEN_FILE", typed.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:5397")]
    [InlineData("/v1")]
    [InlineData("http://user:pass@localhost")]
    public async Task An_address_that_is_none_is_wrong_usage(string address)
    {
        var typed = await RunAsync(new() { ["KEYPACE_TOKEN"] = Wires.Token }, "hubs", "list", "--base-url", address);
        Assert.Equal(2, typed.Exit);
        Assert.DoesNotContain("pass@", typed.Error, StringComparison.Ordinal);
    }

    private Task<Typed> RunAsync(Dictionary<string, string> environment, params string[] args)
    {
        environment["HOME"] = _home;
        return Typed.RunAsync(null, args, "", [], environment);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_home, name);
        File.WriteAllText(path, text);
        return path;
    }

    private void WriteProfile(string address, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.Combine(_home, ".config", "keypace"));
        var path = Write(".config/keypace/profile.json", $$"""{"base_url":"{{address}}","token":"from-profile"}""");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }
}
