using System.Diagnostics;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A machine that sleeps, and clocks that are set: they cost rate, never the limit.</summary>
public sealed class ClockTests
{
    private const string FakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

    [Fact]
    public async Task A_process_that_is_stopped_for_longer_than_the_interval_catches_nothing_up()
    {
        var limit = new HubLimit(10, 2);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "stopped", limit);
        var all = Task.WhenAll(Load.Callers(keypace, "stopped", ["alice", "bob"], queries: 20, connections: 20));
        await Until.TrueAsync(() => hub.Log.Count >= 15, "the second wave");

        Signal("STOP", keypace.Process.Id);
        await Task.Delay(TimeSpan.FromSeconds(Campaign.Or(5, 30)), TimeProvider.System, TestContext.Current.CancellationToken);
        Signal("CONT", keypace.Process.Id);

        Load.AllMustBeOk((await all).SelectMany(answers => answers));
        var report = hub.Log.Report(limit);
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s");
        Assert.Equal(0, report.Refused);
    }

    [Theory]
    [InlineData("+1d")]
    [InlineData("-1d")]
    public async Task A_wall_clock_that_is_a_day_off_after_a_restart_opens_no_window(string offset)
    {
        Assert.SkipUnless(File.Exists(FakeTime), "needs the Debian package libfaketime");
        var limit = new HubLimit(10, 6);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "clocks", limit);
        Load.AllMustBeOk(await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => keypace.Api.ChatAsync("clocks"))));

        await keypace.Process.KillAsync();
        await keypace.ServeAsync(("LD_PRELOAD", FakeTime), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => keypace.Api.ChatAsync("clocks")));

        Load.AllMustBeOk(answers);
        var report = hub.Log.Report(limit);
        Assert.Equal(20, report.Count);
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s");
        Assert.Equal(0, report.Refused);
    }

    private static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(Wire.Culture)])!;
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
