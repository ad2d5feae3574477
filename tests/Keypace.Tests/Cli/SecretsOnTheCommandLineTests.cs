using System.CommandLine;
using Keypace.Cli;
using Keypace.Tests.Client;

namespace Keypace.Tests.Cli;

public sealed class SecretsOnTheCommandLineTests
{
    private static readonly string[] s_secretWords = ["value", "api-key", "secret", "password", "token", "key-value", "credential"];

    [Fact]
    public void No_option_of_any_command_takes_a_secret_as_text()
    {
        var options = Walk(CommandLine.Build(Terminal.OfThisProcess())).SelectMany(command => command.Options.Select(option => (command, option))).ToArray();

        Assert.True(options.Length > 50);
        foreach (var (command, option) in options)
        {
            foreach (var name in option.Aliases.Append(option.Name).Select(name => name.TrimStart('-')))
            {
                var isNamedLikeASecret = s_secretWords.Contains(name) || s_secretWords.Any(word => name.EndsWith("-" + word, StringComparison.Ordinal));
                Assert.False(isNamedLikeASecret && option.ValueType != typeof(bool), $"{command.Name} {option.Name} would show a secret to `ps`");
            }
        }
    }

    [Fact]
    public void Every_command_and_option_says_what_it_is_for()
    {
        foreach (var command in Walk(CommandLine.Build(Terminal.OfThisProcess())))
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
            Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"{command.Name} {option.Name}"));
            Assert.True(command.Subcommands.Count > 0 || command is Verb { Examples.Count: > 0 }, $"{command.Name} has no example");
        }
    }

    [Theory]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--value", Wires.Secret)]
    [InlineData("api-keys", "create", "a", "--hub", "openai", "--api-key=" + Wires.Secret)]
    [InlineData("api-keys", "create", "a", "--hub", "openai", Wires.Secret)]
    [InlineData("api-keys", "list", "--token", Wires.Secret)]
    [InlineData("api-keys", Wires.Secret)]
    [InlineData(Wires.Secret)]
    public async Task A_secret_that_was_typed_all_the_same_is_refused_and_not_repeated(params string[] args)
    {
        await using var server = await AnswerServer.StartAsync();
        var typed = await Typed.ByScriptAsync(server, args);

        Assert.Equal(2, typed.Exit);
        Assert.Empty(server.Asked);
        Assert.DoesNotContain(Wires.Secret, typed.Out + typed.Error, StringComparison.Ordinal);
        Assert.Contains("See: keypace", typed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_field_in_a_public_option_is_refused_and_not_sent()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/hubs", Wires.Hubs);
        var typed = await Typed.ByScriptAsync(
            server, "api-keys", "create", "a", "--hub", "bedrock", "--config", "region=eu", "--config", "access_key=" + Wires.Secret);

        Assert.Equal(2, typed.Exit);
        Assert.Contains("--config-file access_key=FILE", typed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Wires.Secret, typed.Out + typed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, asked => asked.Method != "GET");
    }

    private static IEnumerable<Command> Walk(Command command) => command.Subcommands.SelectMany(Walk).Prepend(command);
}
