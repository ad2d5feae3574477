using System.CommandLine;
using Keypace.Domain.Keys;

namespace Keypace.Cli.Commands;

/// <summary>
/// <c>keypace env</c>: the two variables that point OpenAI-style tools here. What it prints names the token by reference (its file, its variable,
/// or a call of this program), so that it can be kept in a file or seen on a screen; the token itself is printed for <c>--print-token</c> alone.
/// </summary>
internal static class EnvCommand
{
    private const string Posix = "sh", Fish = "fish", PowerShell = "powershell";

    public static Command Build(Grammar grammar)
    {
        var target = new QuestionTarget();
        var shell = Grammar.Text("--shell", "sh (also bash and zsh), fish or powershell [default: the one of $SHELL]", "SHELL").FromAmong(Posix, "bash", "zsh", Fish, PowerShell);
        var print = new Option<bool>("--print-token") { Description = "Print the token alone; only into a pipe or $(…)" };
        var verb = new Verb(
            "env",
            "Print the variables that point OpenAI-style tools at this server: OPENAI_BASE_URL and OPENAI_API_KEY",
            "eval \"$(keypace env --agent support-bot)\"",
            "keypace env --agent support-bot --shell fish");
        grammar.Connected(verb);
        return grammar.Decides(verb, [.. target.Options, shell, print], async (alone, parsed, ct) =>
        {
            var connection = await alone.FindAsync(ct);
            using var keypace = await connection.OpenAsync(alone.Terminal);
            if (parsed.GetValue(print))
                return PrintToken(alone.Terminal, connection);

            var asked = target.Read(parsed, isModelNeeded: false);
            await asked.MustExistAsync(keypace, ct);
            if (asked.BodyModel is { } named && !new TypedWords([named, named[(named.IndexOf('/', StringComparison.Ordinal) + 1)..]]).AreHarmless)
                throw CommandFailure.Usage("What is named as agent or model looks like a secret, and nobody could look whether it is there. Nothing was printed.");

            var baseUrl = new Uri(keypace.BaseAddress, "v1").ToString();
            alone.Screen.Show(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("OPENAI_BASE_URL", baseUrl);
                    json.WriteString("token_file", connection.TokenFile is { } file ? Path.GetFullPath(file) : null);
                    json.WriteString("model", asked.BodyModel);
                    json.WriteEndObject();
                },
                screen =>
                {
                    var form = parsed.GetValue(shell) ?? Guess(alone.Terminal.Environment);
                    screen.Line(Set(form, "OPENAI_BASE_URL", Quoted(form, baseUrl)));
                    screen.Line(Set(form, "OPENAI_API_KEY", Reference(form, connection)));
                    if (asked.BodyModel is { } model)
                        screen.Line($"# Ask for the model {model.ReplaceLineEndings(" ")}");
                });
            return Exit.Done;
        });
    }

    private static int PrintToken(Terminal terminal, Connection connection)
    {
        if (terminal.OutIsTerminal)
            throw CommandFailure.Usage("A token is not printed on a screen. Use it in a pipe or as $(keypace env --print-token).");

        terminal.Out.WriteLine(connection.Token);
        return Exit.Done;
    }

    private static string Guess(Func<string, string?> environment) =>
        environment("SHELL") is { Length: > 0 } shell ? (Path.GetFileName(shell) is Fish ? Fish : Posix) : OperatingSystem.IsWindows() ? PowerShell : Posix;

    private static string Set(string shell, string name, string value) => shell switch
    {
        Fish => $"set -gx {name} {value}",
        PowerShell => $"$env:{name} = {value}",
        _ => $"export {name}={value}",
    };

    private static string Reference(string shell, Connection connection)
    {
        var file = connection.TokenFile is { } path ? Quoted(shell, Path.GetFullPath(path)) : null;
        return (shell, connection.Origin) switch
        {
            (Fish, TokenOrigin.File) => $"(cat {file})",
            (PowerShell, TokenOrigin.File) => $"(Get-Content -Raw {file}).Trim()",
            (_, TokenOrigin.File) => $"\"$(cat {file})\"",
            (PowerShell, TokenOrigin.Variable) => "$env:KEYPACE_TOKEN",
            (Fish, TokenOrigin.Variable) => "$KEYPACE_TOKEN",
            (_, TokenOrigin.Variable) => "\"$KEYPACE_TOKEN\"",
            (Fish or PowerShell, _) => "(keypace env --print-token)",
            _ => "\"$(keypace env --print-token)\"",
        };
    }

    /// <summary>One word to the shell, whatever stands in it.</summary>
    private static string Quoted(string shell, string text) => shell switch
    {
        PowerShell => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        Fish => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'",
        _ => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'",
    };
}
