using System.Threading.Channels;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Storage;

/// <summary>
/// Writes usage records in batches, on a thread of its own: an fsync never holds a thread that answers queries. A disk that is full or failing
/// delays records and is logged; it never stops a query or the process.
/// </summary>
internal sealed partial class UsageWriter(Store store, ChannelReader<UsageRow> records, TimeProvider time, ILogger<UsageWriter> logger) : IAsyncDisposable
{
    public const int MostRowsABatch = 1000;

    private const int Constraint = 19;   // SQLITE_CONSTRAINT: the store will never take one of these rows

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);

    // A stop does not wait longer than this for a disk that does not write.
    private static readonly TimeSpan _patienceAtStop = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<UsageRow> _batch = new(MostRowsABatch);
    private UsageStatements? _statements;
    private long _written;
    private long _lost;
    private bool _started;

    /// <summary>Records in the store since the start.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Records that the store would not take, and those still waiting when the process had to end.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Start()
    {
        _started = true;
        new Thread(Run) { IsBackground = true, Name = "usage writer" }.Start();
    }

    /// <summary>Writes what has arrived and ends. Called when no query can add more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_started)
            return;
        _started = false;   // the host disposes it once more with everything else
        await _stopping.CancelAsync();
        await _ended.Task;
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            while (WaitForRecords())
            {
                TakeBatch();
                Save(_batch);
                if (_batch.Count < MostRowsABatch)
                    Wait(_pause);
            }

            // What came in before the stop.
            for (TakeBatch(); _batch.Count > 0; TakeBatch())
                Save(_batch);
        }
        catch (Exception failure)
        {
            Log.WriterEnded(logger, failure);
        }
        finally
        {
            _statements?.Dispose();
            _ended.SetResult();
        }
    }

    private bool WaitForRecords()
    {
        try
        {
            return records.WaitToReadAsync(_stopping.Token).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>False when the process is stopping.</summary>
    private bool Wait(TimeSpan span)
    {
        try
        {
            Task.Delay(span, time, _stopping.Token).GetAwaiter().GetResult();
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void TakeBatch()
    {
        _batch.Clear();
        while (_batch.Count < MostRowsABatch && records.TryRead(out var row))
            _batch.Add(row);
    }

    private void Save(List<UsageRow> rows)
    {
        var retry = _firstRetry;
        long? stopSeenAt = null;
        while (true)
        {
            try
            {
                using var turn = store.TakeTurn();
                _statements ??= new UsageStatements(store.OpenConnection());
                _statements.Save(rows);
                Interlocked.Add(ref _written, rows.Count);
                return;
            }
            catch (Exception failure) when (failure is SqliteException { SqliteErrorCode: Constraint } or InvalidCastException or ArgumentException)
            {
                SaveApart(rows, failure.Message);
                return;
            }
            catch (Exception failure)
            {
                _statements?.Dispose();
                _statements = null;
                Log.BatchDelayed(logger, rows.Count, failure.Message, retry.TotalSeconds);
            }

            if (Wait(retry))
            {
                retry = retry * 2 < _longestRetry ? retry * 2 : _longestRetry;
                continue;
            }

            stopSeenAt ??= time.GetTimestamp();
            if (time.GetElapsedTime(stopSeenAt.Value) > _patienceAtStop)
            {
                Interlocked.Add(ref _lost, rows.Count);
                Log.BatchLost(logger, rows.Count);
                return;
            }

            Task.Delay(_pause, time).GetAwaiter().GetResult();
        }
    }

    /// <summary>Among these is a row that the store will never take: it alone is dropped.</summary>
    private void SaveApart(List<UsageRow> rows, string why)
    {
        if (rows.Count == 1)
        {
            Interlocked.Increment(ref _lost);
            Log.RowRefused(logger, why);
            return;
        }

        var half = rows.Count / 2;
        Save(rows.GetRange(0, half));
        Save(rows.GetRange(half, rows.Count - half));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The store does not take {Rows} usage records now ({Reason}); they wait, next attempt in {Seconds} s")]
        public static partial void BatchDelayed(ILogger logger, int rows, string reason, double seconds);

        [LoggerMessage(LogLevel.Error, "A usage record cannot be stored and is dropped ({Reason})")]
        public static partial void RowRefused(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "{Rows} usage records are lost: the store did not take them before the end of the process")]
        public static partial void BatchLost(ILogger logger, int rows);

        [LoggerMessage(LogLevel.Critical, "The writer of usage records has ended; queries go on without them")]
        public static partial void WriterEnded(ILogger logger, Exception failure);
    }
}
