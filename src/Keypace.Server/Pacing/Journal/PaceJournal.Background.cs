using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>The part of the journal that waits for the disk. No query ever does.</summary>
internal sealed partial class PaceJournal
{
    public void Close(IReadOnlyList<SavedWindow> windows)
    {
        lock (_background)
        {
            lock (_gate)
            {
                var now = _clock.Now;
                foreach (var window in windows)
                {
                    var past = new GroupPast(window.Limit, window.Guard) { Runs = RunsOf(window.Stamps) };
                    foreach (var line in JournalState.Exactly(window.GroupId, past, now))
                        Write(line);

                    if (window.Uses is { } uses)
                        Write(Noted(window.GroupId, Past(window.GroupId, window.Limit, window.Guard), uses, now));
                }

                Write(JournalState.Closed(now));   // only whole with every line before it: a write that failed ends all others
                _hasStopped = true;
                _markTimer.Dispose();
            }

            FlushNow();
        }
    }

    private static List<SentRun> RunsOf(long[] stamps)
    {
        var runs = new List<SentRun>();
        foreach (var stamp in stamps)
        {
            if (runs.Count > 0 && runs[^1].At == stamp)
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add(new SentRun(stamp, 1));
        }

        return runs;
    }

    private void Flush()
    {
        lock (_background)
        {
            Volatile.Write(ref _flushAsked, 0);
            FlushNow();
        }

        KickHeldBack();
    }

    private void OnMarkTimer()
    {
        lock (_background)
        {
            bool isBroken, isLong;
            lock (_gate)
            {
                (isBroken, isLong) = (_isBroken, _sizeBytes > _rewriteAtBytes);
                if (_isClosed || _hasStopped || (_running == 0 && !isBroken && !isLong))
                {
                    _isMarking = false;
                    return;
                }

                var now = _clock.Now;
                if (!isBroken && _running > 0 && Write(JournalState.Marked(now, now + Ahead)))
                    _promised = Math.Max(_promised, now + Ahead);
            }

            if (isBroken || isLong)
                Rewrite();

            FlushNow();
            lock (_gate)
            {
                if (!_isClosed && !_hasStopped)
                    _markTimer.Change(MarkEvery, Timeout.InfiniteTimeSpan);
            }
        }

        KickHeldBack();
    }

    private void FlushNow()
    {
        long notes, promised;
        IJournalFile file;
        lock (_gate)
        {
            if (_isBroken || _isClosed)
                return;

            (notes, promised, file) = (_notes, _promised, _file);
        }

        try
        {
            file.Flush();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            lock (_gate)
                Break(fault);

            return;
        }

        Volatile.Write(ref _mark, Math.Max(_mark, promised));   // the mark first: a durable note without it would close its gate again
        Volatile.Write(ref _durableNotes, notes);
    }

    /// <summary>
    /// A new file with only what still counts, on the disk before it takes the old one's place. Notes of the meantime go to both; they
    /// are not
    /// yet promised, so they may still be lost with the power.
    /// </summary>
    private void Rewrite()
    {
        IJournalFile? next = null;
        try
        {
            next = _disk.Create();
            byte[] snapshot;
            bool wasBroken;
            lock (_gate)
            {
                var now = _clock.Now;
                wasBroken = _isBroken;
                _promised = wasBroken ? Math.Max(_promised, now + Ahead) : _promised;
                _state.Forget(now);
                _state.Mark = _promised;
                snapshot = _state.ToBytes(now, WallMs, next.Id);
                _sinceSnapshot = [];
            }

            next.Append(snapshot);
            next.Flush();
            lock (_gate)
            {
                foreach (var line in _sinceSnapshot)
                    next.Append(line);

                _disk.Replace(next);
                _sizeBytes = snapshot.Length + _sinceSnapshot.Sum(line => (long)line.Length);
                _rewriteAtBytes = Math.Max(RewriteAtBytes, 2 * _sizeBytes);
                (_file, next) = (next, _file);
                _isBroken = false;
            }

            _disk.SyncFolder();
            if (wasBroken)
                Log.Mended(_log);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            lock (_gate)
                Break(fault);
        }
        finally
        {
            lock (_gate)
                _sinceSnapshot = null;

            next?.Dispose();
        }
    }

    private void KickHeldBack()
    {
        for (var left = _heldBack.Count; left > 0 && _heldBack.TryDequeue(out var group); left--)
            group.Kick();
    }
}
