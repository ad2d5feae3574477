using System.Diagnostics;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>sqlmap on what reaches the store: ids in paths, what lists are asked for, names in bodies and headers. Only in the campaign: it takes minutes.</summary>
public sealed class T27SqlmapTests
{
    [Fact]
    public async Task Sqlmap_finds_no_way_into_a_statement()
    {
        Assert.SkipUnless(Campaign.Or(0, 1) == 1, "Only in the campaign.");
        Assert.SkipUnless(File.Exists("/usr/bin/sqlmap"), "The Debian package sqlmap is not installed.");
        var threat = new Threat("T27", "sqlmap");
        await using var keypace = await RunningKeypace.StartAsync();
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "injected");
        (string What, string[] Arguments)[] targets =
        [
            ("a key's id", ["-u", $"{keypace.Address}v1/api-keys/{id}*"]),
            ("a key's queries", ["-u", $"{keypace.Address}v1/api-keys/{id}*/queries?limit=5*"]),
            ("usage", ["-u", $"{keypace.Address}v1/usage?by=key&since=1&until=2"]),
            ("the audit", ["-u", $"{keypace.Address}v1/audit?limit=5&after=9&q=x&subject=api_key&subject_id={id}"]),
            ("the list of keys", ["-u", $"{keypace.Address}v1/api-keys?limit=5&offset=1&q=x&sort=name"]),
            ("a key's name", ["-u", $"{keypace.Address}v1/api-keys/{id}", "--method=PUT", "--data={\"name\":\"injected*\"}"]),
            ("the key that a query names", ["-u", $"{keypace.Address}v1/chat/completions", "--data={\"model\":\"m*\",\"messages\":[]}", "--headers=x-keypace-key: injected*"]),
            ("a sign-in", ["-u", $"{keypace.Address}sign-in", "--data={\"email\":\"a@example.org*\",\"password\":\"xxxxxxxxxxxxxxxx*\"}", "--headers=X-Keypace: 1"]),
        ];
        using var output = TemporaryFolder.Create("keypace-sqlmap-");
        foreach (var (what, arguments) in targets)
        {
            var start = new ProcessStartInfo("/usr/bin/sqlmap") { RedirectStandardOutput = true, RedirectStandardInput = true };
            foreach (var argument in arguments.Concat(
                ["--batch", "--dbms=SQLite", "--level=2", "--risk=1", "--technique=BEUQ", "--flush-session", $"--output-dir={output.Path}", "--auth-type=Bearer", $"--auth-cred={keypace.Folder.Token}", "--ignore-code=*", "--disable-coloring"]))
            {
                start.ArgumentList.Add(argument);
            }

            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var said = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            threat.Check(said.Contains("do not appear to be injectable", StringComparison.Ordinal), () => $"{what}: {said[Math.Max(0, said.Length - 1_500)..]}");
        }

        threat.Check(!keypace.Output.Contains("met a bug", StringComparison.Ordinal), () => "the log says: met a bug");
        threat.Done();
    }
}
