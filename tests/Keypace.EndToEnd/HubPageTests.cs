using System.Text.RegularExpressions;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>docs/use/hubs.md, followed to the letter from a fresh data folder: its file, its commands, in its order.</summary>
public sealed class HubPageTests
{
    private const string Address = "https://api.acme.example/v1";

    [Fact]
    public async Task The_page_adds_a_hub_from_nothing()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs", "use", "hubs.md"));
        page = page[..page.IndexOf("\n## ", StringComparison.Ordinal)];
        var file = Regex.Match(page, "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        file = Regex.Replace(file, "^ *{", "{\n  \"$schema\": \"../hub.schema.json\",");   // as the page says, for editors
        var commands = Regex.Matches(page, "```bash\n(.*?)```", RegexOptions.Singleline).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(3, commands.Count);

        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();   // init, as in the first block
        var root = keypace.Folder.Root;
        await File.WriteAllTextAsync(Path.Combine(root, "acme.key"), hub.Options.RequiredKey);
        File.Copy(keypace.Folder.TokenFile, Path.Combine(root, "admin.token"));
        Assert.Contains("keypace init", commands[0], StringComparison.Ordinal);
        await RunAsync(commands[0].Split('\n').Single(line => line.Contains("mkdir", StringComparison.Ordinal)));
        Assert.Contains($"\"{Address}\"", file, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(keypace.Folder.Data, "hubs", "acme.json"), file.Replace(Address, hub.Address + "/v1", StringComparison.Ordinal));

        Assert.Contains("Acme Models can be used", await RunAsync(commands[1]), StringComparison.Ordinal);
        Assert.Contains("json-schema.org", await File.ReadAllTextAsync(Path.Combine(keypace.Folder.Data, "hub.schema.json")), StringComparison.Ordinal);
        await keypace.ServeAsync();
        var output = await RunAsync(commands[2]);

        foreach (var expected in new[] { "Acme Models", "60 / 60 s", "https://acme.example/docs/limits", "acme-main", "works", HubAnswers.Sentence })
            Assert.Contains(expected, output, StringComparison.Ordinal);
        Secrets.MustBeAbsent(output, hub.Options.RequiredKey!, "what was printed");

        // A mistake stops the check and the server with the same words.
        await File.WriteAllTextAsync(Path.Combine(keypace.Folder.Data, "hubs", "acme.json"), file.Replace("\"count\": 60", "\"count\": 0", StringComparison.Ordinal));
        var mistake = Regex.Match(page, "`DIR(/hubs/acme.json:\\d+: [^`]*)`").Groups[1].Value;
        Assert.NotEmpty(mistake);
        Assert.Contains(mistake, await RunAsync("keypace hubs check DIR/hubs/acme.json", fails: true), StringComparison.Ordinal);
        Assert.Contains(mistake, (await Assert.ThrowsAnyAsync<Exception>(() => keypace.ServeAsync())).Message, StringComparison.Ordinal);

        async Task<string> RunAsync(string lines, bool fails = false)
        {
            var script = $"set -e; keypace() {{ {Quoted(Checkout.Executable)} \"$@\"; }}\n{lines.Replace("DIR", Quoted(keypace.Folder.Data), StringComparison.Ordinal)}";
            var environment = new Dictionary<string, string>(keypace.Folder.Environment) { ["KEYPACE_BASE_URL"] = keypace.Address.ToString() };
            var (exitCode, printed) = await ChildProcess.RunAsync("bash", ["-c", script], environment, folder: root);
            Assert.True(fails == (exitCode != 0), printed);
            return printed;
        }
    }

    private static string Quoted(string path) => $"'{path}'";
}
