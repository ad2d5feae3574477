using System.Text;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>Secrets of every kind, stored, used, mistyped: none is in what the system tells of the process, in what the clients print, or in a file.</summary>
public sealed class T07OutsideTests
{
    [Fact]
    public async Task No_secret_is_in_the_process_the_clients_output_or_a_file()
    {
        var threat = new Threat("T7", "leaks in the process, the clients and files");
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.Odd });
        using var temporary = TemporaryFolder.Create("keypace-tmp-");
        await using var keypace = await RunningKeypace.StartAsync(("KEYPACE_LOG__LEVEL", "Trace"), ("TMPDIR", temporary.Path));
        var kept = new KeptSecrets();
        await kept.StoreAsync(keypace, hub);
        var folder = keypace.Folder;

        var said = new Dictionary<string, string>();
        foreach (var arguments in new[]
        {
            "api-keys list", "api-keys list --json", "api-keys show k0 --json", "tokens list --json", "agents list --json", "hubs list", "usage", "audit --json",
            "api-keys create mistyped --hub nowhere --limit 1/1", "api-keys create k0 --hub custom --limit 1/1", "api-keys show nobody",
        })
        {
            // What stores a key reads it from standard input, and is refused.
            (_, said[$"keypace {arguments}"]) = await ChildProcess.RunAsync(
                Checkout.Executable, [.. arguments.Split(' '), "--base-url", keypace.Address.ToString(), "--token-file", folder.TokenFile], folder.Environment, Secrets.Odd + "\n");
        }

        if (File.Exists("/usr/bin/python3"))
            said["the Python client"] = await PythonAsync(keypace);
        foreach (var (what, text) in said)
            kept.Search(threat, what, Encoding.UTF8.GetBytes(text));

        (await keypace.Api.ChatAsync("k0")).MustBe(200);
        foreach (var file in new[] { "environ", "cmdline", "comm", "maps", "status", "mountinfo" })
            kept.Search(threat, $"/proc/…/{file}", await File.ReadAllBytesAsync($"/proc/{keypace.Process.Id}/{file}"));
        kept.Search(threat, "names of open files", Encoding.UTF8.GetBytes(string.Join('\n', Directory.EnumerateFiles($"/proc/{keypace.Process.Id}/fd").Select(open => new FileInfo(open).LinkTarget))));

        await keypace.Process.KillAsync();
        kept.Search(threat, "the log", Encoding.UTF8.GetBytes(keypace.Output));
        foreach (var file in Directory.EnumerateFiles(folder.Data, "*", SearchOption.AllDirectories).Concat(Directory.EnumerateFiles(temporary.Path, "*", SearchOption.AllDirectories)))
            kept.Search(threat, file, await File.ReadAllBytesAsync(file));
        threat.Check(kept.Kinds >= 12 && kept.Bytes > 100_000, () => $"{kept.Kinds} kinds were looked for in {kept.Bytes} bytes");
        threat.Done();
    }

    [Fact]
    public async Task A_crash_leaves_no_image_of_the_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux is it known how.");
        var threat = new Threat("T7", "images of the memory");
        using var temporary = TemporaryFolder.Create("keypace-core-");
        var folder = new KeypaceFolder(temporary);
        await KeypaceProcess.InitAsync(folder);
        foreach (var signal in Enumerable.Range(0, Campaign.Or(2, 20)).Select(index => ((string[])["ABRT", "SEGV", "ILL", "BUS"])[index % 4]))
        {
            Directory.CreateDirectory(temporary.File("here"));
            await using var process = ChildProcess.Start(
                "/bin/sh", ["-c", $"ulimit -c unlimited; exec {Checkout.Executable} serve --data {folder.Data} --kek-file {folder.Kek} --urls http://127.0.0.1:{LoopbackPort.Free()}"], folder.Environment, temporary.File("here"));
            // The line that tells where it listens comes when everything is there.
            await Until.TrueAsync(() => process.HasExited || process.Output.Contains("http://127.0.0.1", StringComparison.Ordinal), "it begins");
            var limits = await File.ReadAllTextAsync($"/proc/{process.Id}/limits");
            var core = limits.Split('\n').Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            threat.Check(core[4] == "0" && core[5] == "0", () => string.Join(' ', core));
            // The runtime takes the first of some for a fault of its own, and waits for it to come again.
            await Until.TrueAsync(
                async () => process.HasExited || (await ChildProcess.RunAsync("/bin/kill", [$"-{signal}", process.Id.ToString(Wire.Culture)])).ExitCode != 0 && process.HasExited, $"SIG{signal} ends it");
            var left = Directory.EnumerateFiles(temporary.File("here")).Concat(Directory.EnumerateFiles(folder.Data, "core*")).ToList();
            threat.Check(left is [], () => $"after SIG{signal}: {string.Join(", ", left)}");
        }

        threat.Done();
    }

    /// <summary>What the package says of itself, of its answers and of its failures, to somebody who prints everything.</summary>
    private static async Task<string> PythonAsync(RunningKeypace keypace)
    {
        var (_, output) = await ChildProcess.RunAsync(
            "/usr/bin/python3",
            ["-c", """
            import traceback
            from keypace import Keypace
            with open(__import__("os").environ["TOKEN_FILE"]) as file: token = file.read().strip()
            client = Keypace(base_url=__import__("os").environ["BASE"], token=token)
            print(repr(client), str(client), vars(client).keys())
            print(client.api_keys.list(), client.agents.list(), repr(client.access_tokens.list()))
            for bad in (lambda: client.query("hi", agent="nobody"), lambda: client.api_keys.create(name="k0", model_hub="custom", api_key=token),
                        lambda: Keypace(base_url=client.base_url if hasattr(client, "base_url") else "http://127.0.0.1:9", token=token + "x").api_keys.list()):
                try: bad()
                except Exception as failure: traceback.print_exc(); print(repr(failure), str(failure), failure.args)
            """],
            new Dictionary<string, string>(keypace.Folder.Environment)
            {
                ["PYTHONPATH"] = Path.Combine(Checkout.Root, "clients", "python", "src"),
                ["PYTHONDONTWRITEBYTECODE"] = "1",
                ["BASE"] = keypace.Address.ToString(),
                ["TOKEN_FILE"] = keypace.Folder.TokenFile,
            });
        Assert.Contains("k0", output, StringComparison.Ordinal);
        return output;
    }
}
