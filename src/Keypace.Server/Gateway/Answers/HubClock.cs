namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Ends a query whose hub keeps silent, or whose caller left, and knows which of the two it was. Nothing runs while the query
/// waits for its turn: that time is the pacer's.
/// </summary>
internal sealed class HubClock : IDisposable
{
    private readonly GatewayOptions _options;
    private readonly CancellationToken _callerLeft;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _leaving;

    public HubClock(GatewayOptions options, TimeProvider time, CancellationToken callerLeft)
    {
        _options = options;
        _callerLeft = callerLeft;
        _source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _leaving = callerLeft.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    public CancellationToken Token => _source.Token;

    public bool CallerLeft => _callerLeft.IsCancellationRequested;

    public bool HubWasSilent => _source.IsCancellationRequested && !CallerLeft;

    /// <summary>The request is out: the first byte of the answer is due.</summary>
    public void ExpectFirstByte() => _source.CancelAfter(_options.FirstByte);

    /// <summary>Some of the answer is here: the next piece is due.</summary>
    public void ExpectPiece() => _source.CancelAfter(_options.Idle);

    /// <summary>Nothing is due: the query waits for a turn again.</summary>
    public void ExpectNothing() => _source.CancelAfter(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _leaving.Dispose();
        _source.Dispose();
    }
}
