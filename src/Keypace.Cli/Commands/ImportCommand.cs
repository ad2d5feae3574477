using System.CommandLine;
using System.Text.Json;
using Keypace.Cli.Importing;
using Keypace.Cli.Output;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace import</c>: keys from where they lie today. Shows, asks, and stores all of them or none.</summary>
internal static class ImportCommand
{
    private const string DotEnvKind = "dotenv", LiteLlmKind = "litellm", CsvKind = "csv";

    public static Command Build(Grammar grammar)
    {
        var file = new Argument<string?>("file") { Description = "A .env file, a LiteLLM config.yaml, or a CSV with the columns name, hub, value", HelpName = "FILE", Arity = ArgumentArity.ZeroOrOne };
        var environment = new Option<bool>("--environment") { Description = "Take the hubs' variables of this process instead of a file" };
        var kind = Grammar.Text("--kind", "dotenv, litellm or csv [default: by the file's name]", "KIND").FromAmong(DotEnvKind, LiteLlmKind, CsvKind);
        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        var verb = new Verb(
            "import",
            "Store the keys of a .env file, the environment, a LiteLLM config.yaml or a CSV: shows what it found, asks, stores all or none",
            "keypace import .env",
            "keypace import config.yaml --yes",
            "keypace import keys.csv",
            "keypace import --environment");
        grammar.Connected(verb);
        return grammar.Does(verb, [file, environment, kind, yes], async (session, parsed, ct) =>
        {
            var path = parsed.GetValue(file);
            if (path is null == !parsed.GetValue(environment))
                throw CommandFailure.Usage("Name a file, or give --environment.");

            var found = path is null ? OfEnvironment(session.Terminal) : await OfFileAsync(path, parsed.GetValue(kind), session.Terminal, ct);
            await SortOutAsync(session.Keypace, found, ct);
            if (!session.Screen.Json)
                Show(session.Screen, found);

            if (found.Keys.Count > 0 && !parsed.GetValue(yes) && !await AgreesAsync(session, found.Keys.Count, ct))
            {
                session.Screen.Note("Nothing was stored.");
                return Exit.Failed;
            }

            var stored = await StoreAsync(session.Keypace, found.Keys, ct);
            session.Screen.Show(json => Write(json, stored, found), screen =>
            {
                foreach (var key in stored)
                {
                    screen.Line($"Stored '{key.Name}': {key.Hub}, {key.DisplayValue}, at most {Said.Limit(key.RateLimitPerInterval, key.RateLimitInterval)}.");
                    ApiKeyCreation.Notice(screen, key);
                }
            });
            return Exit.Done;
        });
    }

    private static Findings OfEnvironment(Terminal terminal)
    {
        var found = new Findings();
        var set = Variables.Names.Select(name => (name, Value: terminal.Environment(name))).Where(pair => !string.IsNullOrWhiteSpace(pair.Value))
            .ToDictionary(pair => pair.name, pair => pair.Value!, StringComparer.Ordinal);
        Variables.Find(set, new HashSet<string>(), found);
        return found;
    }

    private static async Task<Findings> OfFileAsync(string path, string? kind, Terminal terminal, CancellationToken ct)
    {
        var found = new Findings();
        var name = Path.GetFileName(path);
        var text = await SecretInput.ReadTextAsync(path, ct);
        switch (kind ?? (Path.GetExtension(path).ToLowerInvariant(), name) switch
        {
            (".yaml" or ".yml", _) => LiteLlmKind,
            (".csv" or ".tsv", _) => CsvKind,
            (".env", _) => DotEnvKind,
            (_, var plain) when plain.StartsWith(".env", StringComparison.Ordinal) => DotEnvKind,
            _ => throw CommandFailure.Usage($"What '{path}' is cannot be told by its name; say --kind dotenv, litellm or csv."),
        })
        {
            case DotEnvKind:
                var file = new DotEnv(terminal.Environment);
                Variables.Find(file.Read(text, found), file.Unread, found);
                break;
            case LiteLlmKind:
                new LiteLlm(terminal.Environment).Find(text, path, found);
                break;
            default:
                KeyTable.Find(text, path, found);
                break;
        }

        return found;
    }

    /// <summary>Takes out what the server would refuse or has already, so that storing either works for all or was never begun.</summary>
    private static async Task SortOutAsync(KeypaceClient keypace, Findings found, CancellationToken ct)
    {
        if (found.Keys.Count == 0)
            return;

        var hubs = await keypace.Hubs.ListAsync(ct);
        var there = await keypace.ApiKeys.ListAsync(null, ct);
        foreach (var key in found.Keys.ToArray())
        {
            var hub = hubs.FirstOrDefault(hub => string.Equals(hub.Name, key.Hub, StringComparison.OrdinalIgnoreCase));
            var twin = there.FirstOrDefault(other => hub is not null && other.Hub == hub.Name && key.Secret is { Length: >= 20 } && other.DisplayValue == key.Masked);
            var why = hub is null ? $"the server knows no hub '{key.Hub}'.{NearestName.Hint(key.Hub, hubs.Select(one => one.Name))}".TrimEnd('.')
                : hub.UrlRequired && key.Url is null ? $"a key of {hub.Name} needs an address"
                : twin is not null ? $"it seems to be stored already, as '{twin.Name}' (same hub and last four characters)"
                : there.Any(other => NearestName.Same(other.Name, key.Name)) ? $"there is another key named '{key.Name}'; rename one of them"
                : null;
            if (why is not null)
            {
                found.Keys.Remove(key);
                found.Skip(key.From, why);
            }
        }
    }

    private static void Show(Screen screen, Findings found)
    {
        screen.Table(
            "There is no key to store.",
            ["NAME", "HUB", "SECRET", "LIMIT", "URL", "FROM"],
            found.Keys.Select(key => new[]
            {
                key.Name, key.Hub, key.Masked, key.Requests is { } count ? Said.Limit(count, key.Seconds ?? 60) : "the hub's default", key.Url, key.From,
            }));
        foreach (var skipped in found.Skipped)
            screen.Note($"Skipped {skipped.What}: {skipped.Why}.");
    }

    private static async Task<bool> AgreesAsync(Session session, int count, CancellationToken ct)
    {
        if (!session.Terminal.CanAsk)
            throw CommandFailure.Usage("Nothing was stored: there is no terminal to ask on. Say --yes to store these keys.");

        var answer = (await session.Terminal.Ask($"Store {(count == 1 ? "this key" : $"these {count} keys")} at {session.Keypace.BaseAddress}? [y/N]", ct)).Trim();
        return answer.Equals("y", StringComparison.OrdinalIgnoreCase) || answer.Equals("yes", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>All or none: when one is refused, those before it are taken back.</summary>
    private static async Task<List<ApiKey>> StoreAsync(KeypaceClient keypace, List<FoundKey> keys, CancellationToken ct)
    {
        var stored = new List<ApiKey>();
        foreach (var key in keys)
        {
            try
            {
                stored.Add(await keypace.ApiKeys.CreateAsync(new NewApiKey(key.Name, key.Hub, key.Secret, key.Requests, key.Seconds, key.Fields, key.Url), ct));
            }
            catch (KeypaceException refused)
            {
                var left = await TakeBackAsync(keypace, stored);
                throw new CommandFailure(
                    refused.Status is 409 or 412 ? Exit.Refused : Exit.Failed,
                    refused.Code,
                    $"'{key.Name}' ({key.From}) could not be stored: {refused.Detail} "
                    + (left.Count == 0 ? "None was stored." : $"These were stored before and could not be taken back: {string.Join(", ", left)}."));
            }
        }

        return stored;
    }

    private static async Task<List<string>> TakeBackAsync(KeypaceClient keypace, List<ApiKey> stored)
    {
        var left = new List<string>();
        foreach (var key in stored)
        {
            try
            {
                await keypace.ApiKeys.DeleteAsync(key.Id, CancellationToken.None);   // also when the person has given up
            }
            catch (KeypaceException)
            {
                left.Add(key.Name);
            }
        }

        return left;
    }

    private static void Write(Utf8JsonWriter json, List<ApiKey> stored, Findings found)
    {
        json.WriteStartObject();
        json.WriteStartArray("stored");
        foreach (var key in stored)
            json.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes(key, Screen.Printed.ApiKey));

        json.WriteEndArray();
        json.WriteStartArray("skipped");
        foreach (var skipped in found.Skipped)
        {
            json.WriteStartObject();
            json.WriteString("what", skipped.What);
            json.WriteString("why", skipped.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
