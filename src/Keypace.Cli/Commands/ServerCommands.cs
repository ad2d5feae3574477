using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Contracts;
using Keypace.Server;
using Keypace.Server.People.SettingUp;

namespace Keypace.Cli.Commands;

/// <summary>The commands that work on a data folder in this process instead of asking a server: serve, init, owner reset, settings.</summary>
internal static class ServerCommands
{
    public static Verb Serve(Terminal terminal)
    {
        var folder = new FolderOptions(terminal);
        var urls = Grammar.Several("--urls", "Where to listen [default: http://127.0.0.1:5397]", "URL");
        var set = Set();
        var verb = new Verb(
            "serve",
            "Run the server until it is told to stop",
            "keypace serve --data /var/lib/keypace",
            "keypace serve --data ./data --urls http://127.0.0.1:8080 --set Egress:Allow=127.0.0.1:9100") { folder.Data, folder.KekFile, urls, set };
        verb.SetAction((parsed, ct) =>
        {
            var listen = new List<string>();
            foreach (var text in parsed.GetValue(urls) ?? [])
                ServeLine.AddUrls(text, listen);

            return KeypaceServer.RunAsync(new ServeOptions(folder.DataOf(parsed), folder.KekOf(parsed), [.. listen], Settings(parsed, set)), ct);
        });
        return verb;
    }

    public static Verb Init(Terminal terminal)
    {
        var folder = new FolderOptions(terminal);
        var email = Grammar.Text("--owner-email", "Email of the owner", "EMAIL");
        var passwordFile = Grammar.Text("--password-file", "File of the owner's password, 15 to 128 characters", "FILE");
        var tokenFile = Grammar.Text("--token-file", "Write an admin access token to this new file (0600)", "FILE");
        var verb = new Verb(
            "init",
            "Make a data folder: store, key-encryption key, owner, first access token. Changes nothing on a folder that is in use (exit 3)",
            "keypace init --data /var/lib/keypace --owner-email ann@example.org --password-file ~/password --token-file ~/admin.token")
        { folder.Data, folder.KekFile, email, passwordFile, tokenFile };
        verb.SetAction((parsed, _) => Setup.InitAsync(
            new InitOptions(folder.DataOf(parsed), folder.KekOf(parsed), parsed.GetValue(email), parsed.GetValue(passwordFile), parsed.GetValue(tokenFile)),
            terminal.Out,
            terminal.Error));
        return verb;
    }

    public static Command Owner(Terminal terminal)
    {
        var folder = new FolderOptions(terminal);
        var email = Grammar.Text("--email", "A new email for the owner", "EMAIL");
        var passwordFile = Grammar.Text("--password-file", "File of the new password, 15 to 128 characters", "FILE");
        var tokenFile = Grammar.Text("--token-file", "Write a new admin access token to this new file (0600)", "FILE");
        var verb = new Verb(
            "reset",
            "Give the owner a new password. Needs the data folder and its key-encryption key",
            "keypace owner reset --data /var/lib/keypace --password-file ~/password")
        { folder.Data, folder.KekFile, email, passwordFile, tokenFile };
        verb.SetAction((parsed, _) => Setup.ResetOwnerAsync(
            new OwnerResetOptions(
                folder.DataOf(parsed), folder.KekOf(parsed), parsed.GetValue(email), parsed.GetValue(passwordFile), parsed.GetValue(tokenFile)),
            terminal.Out,
            terminal.Error));
        return new Command("owner", "Get the owner back in") { verb };
    }

    public static Verb Settings(Terminal terminal)
    {
        var folder = new FolderOptions(terminal);
        var set = Set();
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table" };
        var verb = new Verb("settings", "Show every setting of a data folder and where it comes from", "keypace settings --data /var/lib/keypace") { folder.Data, set, json };
        verb.SetAction((parsed, _) =>
        {
            var options = new ServeOptions(folder.DataOf(parsed), null, [], Settings(parsed, set));
            if (!SettingsReport.Read(options).TryGet(out var settings, out var refusal))
                throw CommandFailure.Usage(refusal.Detail);
            new Screen(terminal, parsed.GetValue(json)).Show(settings, Screen.Printed.IReadOnlyListSetting, screen => screen.Table(
                "No settings.",
                ["SETTING", "VALUE", "FROM", "MEANING"],
                settings.Select(setting => new[] { setting.Name, setting.Value, setting.Source, setting.Description })));
            return Task.FromResult(Exit.Done);
        });
        return verb;
    }

    private static Option<string[]> Set() => Grammar.Several("--set", "A setting, such as Egress:Allow=127.0.0.1:9100; may be repeated", "NAME=VALUE");

    private static Dictionary<string, string> Settings(ParseResult parsed, Option<string[]> set)
    {
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in parsed.GetValue(set) ?? [])
        {
            if (!ServeLine.TryAddSetting(text, settings))
                throw CommandFailure.Usage("--set takes Name=value, each name once.");
        }

        return settings;
    }

    private sealed class FolderOptions(Terminal terminal)
    {
        public Option<string?> Data { get; } = Grammar.Text("--data", "The data folder [default: ${XDG_DATA_HOME:-~/.local/share}/keypace]", "DIR");

        public Option<string?> KekFile { get; } = Grammar.Text("--kek-file", "File of the key-encryption key [default: $KEYPACE_KEK_FILE and the other places]", "FILE");

        public string DataOf(ParseResult parsed) =>
            parsed.GetValue(Data) is { Length: > 0 } data ? data : DataFolder.Default(terminal.Environment);

        public string? KekOf(ParseResult parsed) => parsed.GetValue(KekFile);
    }
}
