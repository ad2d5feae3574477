using System.Diagnostics;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The data folder on a small disk of its own that is full for a while. Needs root, for the disk.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_is_said_and_over_when_there_is_room_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "A disk of its own needs Linux and root.");
        using var temporary = TemporaryFolder.Create("keypace-e2e-");
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", temporary.Path), "No disk can be mounted here.");
        try
        {
            var folder = new KeypaceFolder(temporary);
            await KeypaceProcess.InitAsync(folder);
            await using var keypace = await KeypaceProcess.ServeAsync(folder, new Dictionary<string, string> { ["KEYPACE_EGRESS__ALLOW"] = "127.0.0.0/8" });
            using var api = new Api(keypace.Address, folder.Token);
            (await StoreAsync(api, "before")).MustBe(200);

            await FillAsync(temporary.File("ballast"));
            var refused = (await StoreAsync(api, "during")).MustBe(503);
            Assert.Equal("store_full", refused["code"].GetString());
            Assert.Equal(503, (int)(await api.PostAsync("/v1/access-tokens", new { name = "during", role = "viewer" })).Status);
            (await api.GetAsync("/v1/api-keys")).MustBe(200);

            File.Delete(temporary.File("ballast"));
            (await StoreAsync(api, "after")).MustBe(200);
            var names = (await api.GetAsync("/v1/api-keys")).MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("name").GetString()).Order();
            Assert.Equal(["after", "before"], names);
            Assert.DoesNotContain("met a bug", keypace.Output, StringComparison.Ordinal);
        }
        finally
        {
            await RunAsync("umount", "-l", temporary.Path);
        }
    }

    private static Task<Answer> StoreAsync(Api api, string name) => api.PostAsync(
        "/v1/api-keys", new { name, hub = "custom", value = "sk-test-not-a-real-key-0001", url = "http://127.0.0.1:9/v1", rate_limit_per_interval = 10, rate_limit_interval = 60, description = new string('x', 500) });

    /// <summary>To the last byte.</summary>
    private static async Task FillAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 64 * 1024, 4096, 512, 1 })
        {
            try
            {
                while (true)
                    await file.WriteAsync(new byte[size]);
            }
            catch (IOException)
            {
                // Smaller pieces may still fit.
            }
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
