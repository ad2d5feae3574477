using System.Threading.Channels;
using Keypace.Server.Storage.Rows;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Gateway.Calls;

/// <summary>
/// Step 7: what a query used, handed over without waiting. A writer in Storage takes the records in batches; when it cannot keep
/// up (a full disk), records are dropped and counted rather than queries slowed.
/// </summary>
internal sealed partial class Settlement(ILogger<Settlement> logger)
{
    private const int MostWaiting = 100_000;

    private readonly Channel<UsageRow> _records = Channel.CreateBounded<UsageRow>(
        new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private long _dropped;

    public ChannelReader<UsageRow> Records => _records.Reader;

    /// <summary>Records that could not be kept since the start.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void Add(UsageRow record)
    {
        if (_records.Writer.TryWrite(record))
            return;
        if (Interlocked.Increment(ref _dropped) % 10_000 == 1)
            Log.RecordsDropped(logger, _dropped);
    }

    /// <summary>No more will come: the writer may finish.</summary>
    public void Complete() => _records.Writer.TryComplete();

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The store does not take usage records; {Dropped} dropped so far")]
        public static partial void RecordsDropped(ILogger logger, long dropped);
    }
}
