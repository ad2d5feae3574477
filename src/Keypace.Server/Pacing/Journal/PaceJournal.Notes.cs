using Keypace.Domain.Keys;

namespace Keypace.Server.Pacing.Journal;

/// <summary>Handing lines to the system. Everything here runs under the journal's lock.</summary>
internal sealed partial class PaceJournal
{
    private GroupPast Past(Guid groupId, RateLimit limit, long guard)
    {
        if (!_state.Groups.TryGetValue(groupId, out var group))
        {
            group = new GroupPast(limit, guard);
            _state.Groups.Add(groupId, group);
        }

        group.Rule(limit, guard, _clock.Now);
        return group;
    }

    private bool Write(byte[] line)
    {
        if (_isBroken || _isClosed)
            return false;

        try
        {
            _file.Append(line);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Break(fault);
            return false;
        }

        _notes++;
        _sizeBytes += line.Length;
        _sinceSnapshot?.Add(line);
        return true;
    }

    private void Break(Exception fault)
    {
        var isNews = !_isBroken;
        _isBroken = true;
        StartMarking();
        if (isNews)
            Log.Broken(_log, fault.Message);   // once, not with every attempt to mend it
    }

    private void AskFlush()
    {
        if (Interlocked.Exchange(ref _flushAsked, 1) == 0)
            _later(Flush);
    }

    private void StartMarking()
    {
        if (!_isMarking && !_isClosed && !_hasStopped)
        {
            _isMarking = true;
            _markTimer.Change(MarkEvery, Timeout.InfiniteTimeSpan);
        }
    }

    private static void OnThreadPool(Action work) => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);
}
