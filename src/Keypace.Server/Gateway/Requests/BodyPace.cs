using System.IO.Pipelines;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// Watches a body that does not come at once: where less than 10 KiB came in the last ten seconds, it cancels the pending read, so that
/// whoever stopped sending holds no memory. Kestrel's own rate is a mean over the whole body, which a fast start lets fall asleep for hours.
/// </summary>
internal sealed class BodyPace : IDisposable
{
    /// <summary>Bytes a second, over <see cref="Seconds"/>.</summary>
    public const int LeastRate = 1024;

    public const int Seconds = 10;

    private readonly long[] _bytesBySecond = new long[Seconds];
    private readonly PipeReader _reader;
    private readonly ITimer _timer;
    private long _bytes;
    private int _ticks;

    public BodyPace(PipeReader reader, TimeProvider time)
    {
        _reader = reader;
        _timer = time.CreateTimer(static state => ((BodyPace)state!).Tick(), this, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Moved(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var now = Interlocked.Read(ref _bytes);
        var second = _ticks++ % Seconds;
        var tenSecondsAgo = _bytesBySecond[second];       // the start, for the first ten seconds
        _bytesBySecond[second] = now;
        if (_ticks >= Seconds && now - tenSecondsAgo < LeastRate * Seconds)
            _reader.CancelPendingRead();
    }
}
