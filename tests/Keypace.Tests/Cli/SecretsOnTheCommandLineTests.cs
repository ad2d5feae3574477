using System.CommandLine;
using Keypace.Cli;
using Keypace.Domain.Keys;
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

    /// <summary>Forms of secrets that no list of beginnings knows, and one that needs escapes in JSON.</summary>
    public static TheoryData<string> UnknownForms =>
        ["NotARealKey7For3Tests8Only2Ab9cd", "7e577e577e577e577e577e577e577e57", "NotA7Real/Key2For9Tests+Only4NotReal8XY", "sk-proj-NotARealKey7For3Tests", "sk-N0tR3al7K3y", "NotARealKey7For3Tests8Ab\"Only2Ab9"];

    /// <summary>Every command, with the secret wherever a word can stand.</summary>
    [Theory]
    [MemberData(nameof(UnknownForms))]
    public async Task No_command_says_a_secret_back_that_stands_in_the_place_of_any_word(string secret)
    {
        await using var server = await AnswerServer.StartAsync();
        var seen = 0;
        foreach (var (path, command) in Leaves(CommandLine.Build(Terminal.OfThisProcess()), []))
        {
            if (path[0] is "serve" or "init" or "owner" or "watch")
                continue;   // they work on folders, or do not end; what they refuse is in SettingsTests
            List<string[]> lines = [[.. path, secret], [.. path, "-" + secret], [.. path, "--" + secret], [.. path, $"--{secret}=1"], [.. path, "--json", secret, secret, secret, secret]];
            foreach (var option in command.Options.Where(option => option.Name.StartsWith("--", StringComparison.Ordinal) && option.ValueType != typeof(bool)))
            {
                if (option.Name is "--out" or "--data")
                    continue;   // would make a file or folder of that name
                lines.Add([.. path, option.Name, secret]);
                lines.Add([.. path, $"{option.Name}=a={secret}"]);
                lines.Add([.. path, "a", option.Name, secret, "--json"]);
            }

            foreach (var line in lines)
            {
                var typed = await Typed.ByPipeAsync(server, "", line);
                var said = typed.Out + typed.Error;
                Assert.False(said.Contains(secret, StringComparison.OrdinalIgnoreCase) || said.Contains(secret.Replace("\"", "\\\"", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase),
                    $"{string.Join(' ', line)}: {said}");
                seen++;
            }
        }

        Assert.True(seen > 200, $"Only {seen} command lines were tried.");
    }

    /// <summary>What people need to read stays.</summary>
    [Theory]
    [InlineData("There is no file '/srv/keys/exports-of-november/all.env'.", "/srv/keys/exports-of-november/all.env")]
    [InlineData("Cannot reach https://keypace.example.org:8443/v1.", "https://keypace.example.org:8443/v1")]
    [InlineData("'eval-run-2026-11-30-claude-sonnet' is there already.", "eval-run-2026-11-30-claude-sonnet")]
    [InlineData("--key-encryption-file takes a file.", "--key-encryption-file")]
    [InlineData("Deleted 'key-prod-2026'.", "key-prod-2026")]
    [InlineData("Deleted 'sk-test'.", "sk-test")]
    [InlineData("There is no model 'meta-llama/Meta-Llama-3.1-405B-Instruct'.", "meta-llama/Meta-Llama-3.1-405B-Instruct")]
    public void Addresses_paths_and_names_are_said_back(string sentence, string word) => Assert.Equal(sentence, new TypedWords([word, "run"]).Without(sentence));

    private static IEnumerable<(string[] Path, Command Command)> Leaves(Command command, string[] path) => command.Subcommands.Count == 0
        ? [(path, command)]
        : command.Subcommands.SelectMany(sub => Leaves(sub, [.. path, sub.Name]));

    private static IEnumerable<Command> Walk(Command command) => command.Subcommands.SelectMany(Walk).Prepend(command);
}
