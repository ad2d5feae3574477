using Keypace.Server;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Platform;

/// <summary>How a server starts and stops.</summary>
public sealed class KeypaceServerTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        _server = await RunningServer.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_second_server_on_the_folder_ends_with_3_and_says_who_holds_it()
    {
        var second = await KeypaceServer.RunAsync(
            new ServeOptions(_folder.Data.Path, _folder.Kek, ["http://127.0.0.1:0"], new Dictionary<string, string>()), _folder.Around(), Ct);
        Assert.Equal(ExitCodes.Refused, second);
        Assert.Contains($"(process {Environment.ProcessId})", _folder.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_with_3_and_gives_the_folder_free()
    {
        using var other = new TestFolder();
        await other.InitAsync();
        var taken = new ServeOptions(other.Data.Path, other.Kek, [_server.Address.ToString()], new Dictionary<string, string>());
        Assert.Equal(ExitCodes.Refused, await KeypaceServer.RunAsync(taken, other.Around(), Ct));
        Assert.Contains("--urls", other.Errors.ToString(), StringComparison.Ordinal);
        await using var opened = other.Open();
    }

    [Fact]
    public async Task An_unknown_setting_ends_with_2_before_the_store_is_opened()
    {
        var options = new ServeOptions(_folder.Data.Path, null, [], new Dictionary<string, string> { ["Pacing:Gard"] = "1" });
        Assert.Equal(ExitCodes.WrongUsage, await KeypaceServer.RunAsync(options, _folder.Around(), Ct));
    }

    [Theory]
    [InlineData("Urls", "--urls")]
    [InlineData("kekfile", "--kek-file")]
    public async Task What_is_given_by_a_flag_and_by_set_ends_with_2_and_is_named(string setting, string flag)
    {
        using var other = new TestFolder();
        var options = new ServeOptions(other.Data.Path, other.Kek, ["http://127.0.0.1:0"], new Dictionary<string, string> { [setting] = "http://127.0.0.1:1" });
        Assert.Equal(ExitCodes.WrongUsage, await KeypaceServer.RunAsync(options, other.Around(), Ct));
        Assert.Contains($"both {flag} and --set", other.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Told_to_stop_before_it_listens_it_ends_with_0_and_says_nothing_of_it()
    {
        using var other = new TestFolder();
        await other.InitAsync();
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var options = new ServeOptions(other.Data.Path, other.Kek, ["http://127.0.0.1:0"], new Dictionary<string, string>());
        Assert.Equal(ExitCodes.Done, await KeypaceServer.RunAsync(options, other.Around(), stop.Token));
        Assert.DoesNotContain("Exception", other.Errors.ToString(), StringComparison.Ordinal);
        await using var opened = other.Open();
    }

    [Fact]
    public async Task A_journal_that_cannot_be_made_ends_with_3_and_a_sentence()
    {
        using var other = new TestFolder();
        await other.InitAsync();
        Directory.CreateDirectory(Path.Combine(other.Data.Path, "pacing.journal.new"));   // where a file has to be made
        var options = new ServeOptions(other.Data.Path, other.Kek, ["http://127.0.0.1:0"], new Dictionary<string, string>());
        Assert.Equal(ExitCodes.Refused, await KeypaceServer.RunAsync(options, other.Around(), Ct));
        Assert.Contains("It cannot go on with the data folder", other.Errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", other.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_tell_of_the_process_and_of_what_is_written_down()
    {
        var text = await _server.Http.GetStringAsync("/metrics", Ct);
        Assert.All(
            (string[])["keypace_build_info{", "keypace_start_time_seconds ", "keypace_cpu_seconds_total ", "keypace_open_files ", "keypace_disk_free_bytes ",
                "keypace_journal_writable 1\n", "keypace_usage_records_waiting 0\n", "keypace_usage_records_lost_total 0\n"],
            figure => Assert.Contains("\n" + figure, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_ends_with_0_and_leaves_one_file_of_store()
    {
        Assert.Equal(ExitCodes.Done, await _server.StopAsync());
        Assert.False(File.Exists(_folder.Data.Store + "-wal"));
        await using var opened = _folder.Open();
    }
}
