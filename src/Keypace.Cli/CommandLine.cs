using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Keypace.Cli.Commands;
using Keypace.Cli.Output;
using Keypace.Client;
using Keypace.Domain.Keys;

namespace Keypace.Cli;

/// <summary>The whole command line: its tree, and the one place where a failure becomes a sentence and an exit code.</summary>
internal static class CommandLine
{
    private static readonly ParserConfiguration s_parser = new()
    {
        ResponseFileTokenReplacer = null,   // a name may begin with '@'
    };

    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        if (args is [Suggestions.Directive, var typed])
            return await Suggestions.PrintAsync(Build(terminal), typed, terminal);

        // As in other programs, "help" and "help api-keys create" are asked as words too.
        if (args is ["help", .. var about])
            args = [.. about, "--help"];

        terminal = terminal.Repeating(new TypedWords(args));

        // Read before anything is parsed: wrong usage is an error too.
        var failures = new Failures(terminal, json: args.Contains("--json"));
        var parsed = Build(terminal).Parse(args.Length == 0 ? ["--help"] : Named(args), s_parser);
        if (parsed.Action is ParseErrorAction || (parsed.Errors.Count > 0 && parsed.Action is null))
            return failures.Print(Misread.Explain(parsed));

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,   // Ctrl-C ends a command as it ends any other program
            });
        }
        catch (CommandFailure failure)
        {
            return failures.Print(failure);
        }
        catch (KeypaceException failure)
        {
            return failures.Print(failure);
        }
        catch (Exception bug)
        {
            // Nobody expected it, so all of it is printed: this is for whoever reports it.
            terminal.Error.WriteLine($"keypace: This is a bug in keypace; please report it with what follows.{Environment.NewLine}{PlainText.Of(bug.ToString())}");
            return Exit.Failed;
        }
    }

    /// <summary>
    /// A name is a word of its own, but who writes <c>--name</c> before it, as in the clients, is understood too.
    /// </summary>
    private static string[] Named(string[] args) =>
    [
        .. args.Where(word => word is not ("--name" or "--new-name"))
            .Select(word => word.StartsWith("--name=", StringComparison.Ordinal) ? word["--name=".Length..]
                : word.StartsWith("--new-name=", StringComparison.Ordinal) ? word["--new-name=".Length..] : word),
    ];

    public static RootCommand Build(Terminal terminal)
    {
        var grammar = new Grammar(terminal);
        var root = new RootCommand("Guards a team's model-hub API keys and paces every query, so that never more than N requests leave in any T seconds.")
        {
            ServerCommands.Serve(terminal),
            ServerCommands.Init(terminal),
            ServerCommands.Owner(terminal),
            ServerCommands.Settings(terminal),
            LoginCommands.Login(grammar),
            LoginCommands.Logout(grammar),
            StatusCommand.Build(grammar),
            grammar.Connected(WatchCommand.Build(grammar)),
            ApiKeyCommands.Build(grammar),
            AgentCommands.Build(grammar),
            HubCommands.Build(grammar),
            TokenCommands.Build(grammar),
            RecordCommands.Usage(grammar),
            RecordCommands.Audit(grammar),
            QueryCommand.Build(grammar),
            RunCommand.Build(grammar),
            ImportCommand.Build(grammar),
            EnvCommand.Build(grammar),
            CompletionCommand.Build(terminal),
        };
        foreach (var option in root.Options)
        {
            option.Action = option switch
            {
                HelpOption { Action: HelpAction help } => new HelpWithExamples(help),
                VersionOption => new PrintVersion(),
                _ => option.Action,
            };
        }

        return root;
    }

    private sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var exit = inner.Invoke(parseResult);
            if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in verb.Examples)
                    output.WriteLine("  " + example);

                output.WriteLine();
            }

            return exit;
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var version = typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            parseResult.InvocationConfiguration.Output.WriteLine(version);
            return Exit.Done;
        }
    }
}
