using Keypace.Server.Pacing.Journal;
using Microsoft.Extensions.Logging;

namespace Keypace.Tests.Server.Pacing;

/// <summary>A disk that takes nothing is said once, and once more when it works again.</summary>
public sealed class JournalOnAFullDiskTests : JournalTests
{
    [Fact]
    public void It_says_so_in_one_line_and_is_writable_again_by_itself()
    {
        var log = new Lines();
        var disk = new MemoryDisk();
        using var journal = PaceJournal.Open(disk, World, World.Time, isStoreNew: true, log, work => work());
        Assert.NotNull(journal.TryRun(Key, Ten, 0, 1, null));
        Assert.True(journal.IsWritable);

        disk.IsBroken = true;
        World.Pass(TimeSpan.FromSeconds(10), stepMs: 100, each: () => { });
        Assert.False(journal.IsWritable);
        Assert.Single(log.Said, line => line.Level == LogLevel.Error);

        disk.IsBroken = false;
        World.Pass(TimeSpan.FromSeconds(3), stepMs: 100, each: () => { });
        Assert.True(journal.IsWritable);
        Assert.Single(log.Said, line => line.Level == LogLevel.Warning);
    }

    private sealed class Lines : ILogger<PaceJournal>
    {
        public List<(LogLevel Level, string Text)> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Said.Add((logLevel, formatter(state, exception)));
    }
}
