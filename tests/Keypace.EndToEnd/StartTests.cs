using System.Runtime.Versioning;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Starting, stopping, and refusing to start: one clear sentence, exit code 3, nothing changed.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
public sealed class StartTests
{
    [Fact]
    public async Task Its_files_are_its_owners_alone()
    {
        await using var keypace = await RunningKeypace.StartAsync();
        const UnixFileMode Others = (UnixFileMode)0b000_111_111;
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(keypace.Folder.Data) & Others);
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(keypace.Folder.Kek) & Others);
        Assert.Equal((UnixFileMode)0, File.GetUnixFileMode(keypace.Folder.TokenFile) & Others);
        Assert.All(Directory.EnumerateFiles(keypace.Folder.Data, "*", SearchOption.AllDirectories), file =>
            Assert.True((File.GetUnixFileMode(file) & Others) == 0, $"{file} may be read by others"));
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_says_who_holds_it_and_ends_with_3()
    {
        await using var keypace = await RunningKeypace.StartAsync();

        var (exitCode, output) = await ServeAsync(keypace.Folder);

        Assert.Equal(3, exitCode);
        Assert.Contains(keypace.Process.Id.ToString(Wire.Culture), output, StringComparison.Ordinal);
        (await keypace.Api.GetAsync("/v1/users/me")).MustBe(200);
    }

    [Fact]
    public async Task Init_on_a_folder_in_use_changes_nothing_and_ends_with_3()
    {
        await using var keypace = await RunningKeypace.StartAsync();
        Assert.Equal(0, await keypace.Process.StopAsync());
        var before = Contents(keypace.Folder.Root);

        var (exitCode, output) = await ChildProcess.RunAsync(
            Checkout.Executable, ["init", "--data", keypace.Folder.Data, "--kek-file", keypace.Folder.Kek, "--token-file", keypace.Folder.TokenFile, "--owner-email", "another@example.test", "--password-file", keypace.Folder.PasswordFile], keypace.Folder.Environment);

        Assert.Equal(3, exitCode);
        Assert.NotEmpty(output);
        Assert.Equal(before, Contents(keypace.Folder.Root));
    }

    [Fact]
    public async Task A_wrong_or_missing_key_encryption_key_is_refused()
    {
        await using var keypace = await RunningKeypace.StartAsync();
        await using var other = await RunningKeypace.StartAsync();
        Assert.Equal(0, await keypace.Process.StopAsync());
        var before = Contents(keypace.Folder.Data);

        await MustRefuseAsync(keypace.Folder, other.Folder.Kek);
        await MustRefuseAsync(keypace.Folder, Path.Combine(keypace.Folder.Root, "no such file"));
        File.WriteAllText(Path.Combine(keypace.Folder.Root, "garbage"), "not a key");
        File.SetUnixFileMode(Path.Combine(keypace.Folder.Root, "garbage"), UnixFileMode.UserRead);
        await MustRefuseAsync(keypace.Folder, Path.Combine(keypace.Folder.Root, "garbage"));
        File.SetUnixFileMode(keypace.Folder.Kek, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await MustRefuseAsync(keypace.Folder, keypace.Folder.Kek);

        Assert.Equal(before, Contents(keypace.Folder.Data));
        File.SetUnixFileMode(keypace.Folder.Kek, UnixFileMode.UserRead);
        await keypace.ServeAsync();
        (await keypace.Api.GetAsync("/v1/users/me")).MustBe(200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_store_is_refused(bool cutShort)
    {
        await using var keypace = await RunningKeypace.StartAsync();
        Assert.Equal(0, await keypace.Process.StopAsync());
        var store = Store(keypace.Folder);
        var bytes = File.ReadAllBytes(store);
        if (cutShort)
        {
            File.WriteAllBytes(store, bytes[..(bytes.Length / 2)]);
        }
        else
        {
            // The first page stays, so that it still looks like a store.
            bytes.AsSpan(4096, bytes.Length - 4096).Fill(0x5A);
            File.WriteAllBytes(store, bytes);
        }

        var before = File.ReadAllBytes(store);
        await MustRefuseAsync(keypace.Folder, keypace.Folder.Kek);

        Assert.Equal(before, File.ReadAllBytes(store));
    }

    [Fact]
    public async Task Without_a_terminal_wrong_usage_ends_with_2_and_never_asks()
    {
        using var temporary = TemporaryFolder.Create("keypace-e2e-");
        var folder = new KeypaceFolder(temporary);
        var weak = temporary.Write("weak", "short");

        var refused = await ChildProcess.RunAsync(
            Checkout.Executable,
            ["init", "--data", folder.Data, "--kek-file", folder.Kek, "--owner-email", KeypaceFolder.OwnerEmail, "--password-file", weak],
            folder.Environment);
        var unknown = await ChildProcess.RunAsync(Checkout.Executable, ["no-such-command"], folder.Environment);

        Assert.Equal(2, refused.ExitCode);
        Assert.Equal(2, unknown.ExitCode);
        Assert.False(File.Exists(folder.Kek));
    }

    private static string Store(KeypaceFolder folder) =>
        Directory.EnumerateFiles(folder.Data, "*.db").OrderByDescending(file => new FileInfo(file).Length).First();

    private static async Task MustRefuseAsync(KeypaceFolder folder, string kek)
    {
        var (exitCode, output) = await ServeAsync(folder, kek);
        Assert.True(exitCode == 3, $"Ended with {exitCode}: {output}");
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.InRange(output.Trim().Split('\n').Length, 1, 4);
    }

    private static Task<(int ExitCode, string Output)> ServeAsync(KeypaceFolder folder, string? kek = null) =>
        ChildProcess.RunAsync(
            Checkout.Executable,
            ["serve", "--data", folder.Data, "--kek-file", kek ?? folder.Kek, "--urls", $"http://127.0.0.1:{LoopbackPort.Free()}"],
            folder.Environment);

    /// <summary>Every file with its content; SQLite's own side files come and go with each reader.</summary>
    private static SortedDictionary<string, string> Contents(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal) && !file.EndsWith("lock", StringComparison.Ordinal))
            .ToDictionary(file => file, file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))));
}
