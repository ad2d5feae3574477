using System.Collections.Concurrent;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// The ledger as a file. A mark "may send until", on the disk three seconds ahead, bounds what any group can have sent; lines say which
/// groups send and which rest, and in blocks what they sent and how many more they may have sent before the next block. A query's own path
/// at most hands one line to the system, which outlives a kill; a power failure is covered by the standing credit until that line is on the
/// disk. When the disk fails, the mark and the credit run out and nothing is granted until it works again.
/// </summary>
internal sealed partial class PaceJournal : IGrantLedger, IDisposable
{
    /// <summary>How far ahead of now the mark is set: two fsyncs may be a second late and nobody waits.</summary>
    private static readonly long Ahead = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(3));

    private static readonly TimeSpan MarkEvery = TimeSpan.FromSeconds(1);

    /// <summary>Bytes after which the file is written anew with only what still counts, or twice what that was if it is more.</summary>
    private const int RewriteAtBytes = 256 * 1024;

    private readonly MonotonicClock _clock;
    private readonly IJournalDisk _disk;
    private readonly Action<Action> _later;
    private readonly ILogger _log;
    private readonly ITimer _markTimer;
    private readonly Lock _gate = new();        // state and file; held for a write, never for a flush
    private readonly Lock _background = new();  // one flush, mark or rewrite at a time
    private readonly Lock _blocks = new();      // blocks reach the file in the order in which they were taken
    private readonly ConcurrentQueue<IGrantHolder> _heldBack = new();
    private readonly JournalState _state;
    private IJournalFile _file;
    private List<byte[]>? _sinceSnapshot;       // lines that a running rewrite has not seen
    private long _sizeBytes;
    private long _rewriteAtBytes;
    private long _notes;
    private long _durableNotes;
    private long _promised;                     // the mark as handed to the system
    private long _mark;                         // the mark as known to be on the disk
    private int _running;
    private int _flushAsked;
    private bool _isMarking;
    private bool _isBroken;
    private bool _hasStopped;                   // nothing is granted any more
    private bool _isClosed;

    private PaceJournal(
        JournalState state, IJournalFile file, long sizeBytes, MonotonicClock clock, IJournalDisk disk, Action<Action> later, ILogger log)
    {
        (_state, _file, _sizeBytes, _clock, _disk, _later, _log) = (state, file, sizeBytes, clock, disk, later, log);
        _promised = _mark = state.Mark;
        _rewriteAtBytes = Math.Max(RewriteAtBytes, 2 * sizeBytes);
        var never = Timeout.InfiniteTimeSpan;
        _markTimer = clock.Time.CreateTimer(static journal => ((PaceJournal)journal!).OnMarkTimer(), this, never, never);
    }

    /// <summary>Reads what the last process left, and begins a file of its own. Waits for the disk.</summary>
    /// <param name="isStoreNew">The store was made just now: without a journal there is nothing to wait out.</param>
    /// <param name="later">Runs work in the background; null: on the thread pool.</param>
    /// <exception cref="IOException">The data folder cannot be written.</exception>
    public static PaceJournal Open(
        IJournalDisk disk, IMachine machine, TimeProvider time, bool isStoreNew, ILogger<PaceJournal> log, Action<Action>? later = null)
    {
        var clock = new MonotonicClock(time);
        var left = disk.Read();
        var before = left is null ? null : JournalReading.Of(left);
        var isCopy = before is { FileId.Length: > 0 } && disk.FileId is { Length: > 0 } id && id != before.FileId;
        var now = clock.Now;
        var wallMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var state = new Rebirth(before, machine.BootId, now, machine.Uptime, wallMs).State(isStoreNew && left is null);
        if (isCopy)
        {
            state.UnknownFullAt = state.UsesKnownSince = now;   // nobody knows what was sent since the copy was made
        }

        Log.Opened(
            log,
            before is null ? (left is null ? "no journal" : "a damaged journal") : isCopy ? "a journal that was copied back" : before.IsClean ? "a clean stop" : "a crash",
            state.Groups.Count,
            state.UnknownFullAt > long.MinValue);
        var file = disk.Create();
        var bytes = state.ToBytes(now, wallMs, file.Id);
        try
        {
            file.Append(bytes);
            file.Flush();
            disk.Replace(file);
            disk.SyncFolder();
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new PaceJournal(state, file, bytes.Length, clock, disk, later ?? OnThreadPool, log);
    }

    /// <summary>False while the disk fails: what was granted already is all that is sent.</summary>
    public bool IsWritable => !Volatile.Read(ref _isBroken);

    public long MayGrantUntil => Volatile.Read(ref _mark);

    public bool IsDurable(long note) => Volatile.Read(ref _durableNotes) >= note;

    public PastSends Recall(Guid groupId, RateLimit limit, long span, int standingCredit)
    {
        lock (_gate)
        {
            var counts = _clock.Now - span;
            var sends = new List<SentRun>();
            var unknownAt = long.MinValue;
            if (_state.UnknownFullAt > counts)
            {
                sends.Add(new SentRun(_state.UnknownFullAt, limit.Count));
                unknownAt = _state.UnknownFullAt;
            }

            foreach (var (at, failures) in _state.UnknownCredits)
            {
                if (at > counts)
                {
                    sends.Add(new SentRun(at, (int)Math.Min((long)standingCredit * failures, limit.Count)));
                    unknownAt = Math.Max(unknownAt, at);
                }
            }

            var reach = 0L;
            if (_state.Groups.TryGetValue(groupId, out var past) && past.IsFromBefore)
            {
                var guard = span - (limit.Seconds * 1_000_000_000L);
                if (past.Limit != limit || past.Guard != guard)
                {
                    past.Rule(limit, guard, _clock.Now);
                    Write(JournalState.Limited(groupId, past, _clock.Now));   // it was changed while the group was not in memory
                }

                reach = past.Reach(_clock.Now);
                if (past.FullAt > counts)
                {
                    sends.Add(new SentRun(past.FullAt, Math.Max(past.Limit.Count, limit.Count)));
                    unknownAt = Math.Max(unknownAt, past.FullAt);
                }

                foreach (var run in past.Runs)
                    sends.Add(run with { Count = Math.Min(run.Count, RateLimit.MostCount) });

                unknownAt = Math.Max(unknownAt, past.AssumedAt > counts ? past.AssumedAt : long.MinValue);
            }

            return new PastSends(sends, unknownAt == long.MinValue ? long.MinValue : unknownAt + span) { Reach = reach };
        }
    }

    public RunNote? TryRun(Guid groupId, RateLimit limit, long guard, int credit, UseBlock? uses)
    {
        lock (_gate)
        {
            StartMarking();
            if (_isBroken || _isClosed || _hasStopped)
                return null;

            var now = _clock.Now;
            var until = Math.Max(_promised, now + Ahead);
            var group = Past(groupId, limit, guard);
            group.Credit = credit;
            var line = JournalState.Running(groupId, group, now, until);
            if (!Write(uses is null ? line : [.. line, .. Noted(groupId, group, uses, now)]))
            {
                group.Credit = 0;
                return null;
            }

            group.IsRunning = true;
            _promised = until;
            _running++;
            AskFlush();
            return new RunNote(_notes, until, HasBlocks: true);
        }
    }

    public void KickWhenMoved(IGrantHolder group) => _heldBack.Enqueue(group);

    public void Dispose()
    {
        lock (_background)
        {
            FlushNow();   // what was noted after the stop
            lock (_gate)
            {
                _isClosed = true;
                _markTimer.Dispose();
                _file.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information,
            Message = "Pacing starts after {Past}: {Groups} rate groups have sends that still count; unknown past: {IsUnknown}.")]
        public static partial void Opened(ILogger log, string past, int groups, bool isUnknown);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "The pacing journal cannot be written ({Reason}). Nothing is granted past its last mark until it can.")]
        public static partial void Broken(ILogger log, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The pacing journal works again.")]
        public static partial void Mended(ILogger log);
    }
}
