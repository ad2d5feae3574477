using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The demonstration as a stranger runs it.</summary>
[Collection(nameof(Timed))]
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_ends_with_its_figures_and_leaves_nothing()
    {
        using var temporary = TemporaryFolder.Create("keypace-e2e-");

        var (exitCode, output) = await ChildProcess.RunAsync(
            "dotnet", [typeof(DemoCommand).Assembly.Location, "demo", "--once"], new Dictionary<string, string> { ["TMPDIR"] = temporary.Path });

        Assert.True(exitCode == 0, output);
        var last = output.TrimEnd().Split('\n').TakeLast(5).ToArray();
        Assert.Equal("most sends in any 10 s: 60 of 60", last[0]);
        Assert.Equal("429s to callers: 0", last[1]);
        Assert.Matches("^use of the allowance: [89][0-9][.][0-9] %$", last[2]);   // 98 to 99 where the machine has time
        Assert.Equal("share of each caller: alice 60, bob 60, carol 60", last[3]);
        Assert.Matches("^done in [23][0-9][.][0-9] s$", last[4]);
        Assert.Empty(Directory.EnumerateDirectories(temporary.Path, "keypace-demo-*"));
    }
}
