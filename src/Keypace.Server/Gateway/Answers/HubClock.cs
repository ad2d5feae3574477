using Microsoft.Extensions.ObjectPool;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Ends a query whose hub keeps silent, whose caller left, or whose asker may ask no longer, and knows which it was. Nothing runs while the query
/// waits for its turn: that time is the pacer's.
/// </summary>
internal sealed class HubClock : IDisposable
{
    /// <summary>
    /// A source with its timer costs as much as many a step of a query. One of them is only used again when nobody cancelled it and no timer of its is
    /// about to; and only with the real time: another provider's timers cannot be asked.
    /// </summary>
    private static readonly ObjectPool<CancellationTokenSource> Ready =
        new DefaultObjectPoolProvider { MaximumRetained = 256 }.Create(new Fresh());

    private readonly GatewayOptions _options;
    private readonly CancellationToken _callerLeft;
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _askerEnded;
    private readonly CancellationTokenRegistration _leaving;
    private readonly CancellationTokenRegistration _ending;
    private readonly bool _isPooled;
    private bool _isDisposed;

    /// <param name="askerEnded">Cancelled when the token is revoked or expires, or the session ends.</param>
    public HubClock(GatewayOptions options, TimeProvider time, CancellationToken callerLeft, CancellationToken askerEnded = default)
    {
        _options = options;
        _askerEnded = askerEnded;
        _callerLeft = callerLeft;
        _isPooled = ReferenceEquals(time, TimeProvider.System);
        _source = _isPooled ? Ready.Get() : new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _leaving = callerLeft.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        _ending = askerEnded.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    public bool CallerLeft => _callerLeft.IsCancellationRequested;

    /// <summary>Whoever asks may ask no longer: there is nobody to answer to, though the connection is there.</summary>
    public bool AskerEnded => _askerEnded.IsCancellationRequested && !CallerLeft;

    public bool NobodyAsks => CallerLeft || _askerEnded.IsCancellationRequested;

    public bool HubWasSilent => _source.IsCancellationRequested && !NobodyAsks;

    /// <summary>The request is out: the first byte of the answer is due.</summary>
    public void ExpectFirstByte() => _source.CancelAfter(_options.FirstByte);

    /// <summary>Some of the answer is here: the next piece is due.</summary>
    public void ExpectPiece() => _source.CancelAfter(_options.Idle);

    /// <summary>Nothing is due: the query waits for a turn again.</summary>
    public void ExpectNothing() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        if (_isDisposed)
            return;   // given back twice, the source would serve two queries
        _isDisposed = true;
        _leaving.Dispose();   // waits for a caller who is leaving at this moment
        _ending.Dispose();
        if (_isPooled)
            Ready.Return(_source);
        else
            _source.Dispose();
    }

    private sealed class Fresh : IPooledObjectPolicy<CancellationTokenSource>
    {
        public CancellationTokenSource Create() => new();

        public bool Return(CancellationTokenSource source) => source.TryReset();
    }
}
