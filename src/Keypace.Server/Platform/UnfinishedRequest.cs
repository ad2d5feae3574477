using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Keypace.Server.Platform;

/// <summary>
/// What a caller sends over one connection, watched for what it still owes when the server stops: half a head, or a body that does not come. Nobody could
/// be answered then before the caller goes on, so its connection ends instead of holding up the stop. Who has sent all of a request has the time of
/// the shutdown for its answer. Between Kestrel and the socket, so that it holds for requests of every kind; costs a query one flag.
/// </summary>
internal sealed class UnfinishedRequest(PipeReader socket, Action cut) : PipeReader
{
    /// <summary>From the stop on. What is on its way arrives within it, and Kestrel closes by itself what is at rest.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks after that, while answers are being finished.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250);

    private volatile bool _isAwaited;

    public static ConnectionDelegate Around(ConnectionDelegate next, TimeProvider time, CancellationToken stopping) => async connection =>
    {
        var watched = new UnfinishedRequest(
            connection.Transport.Input, () => connection.Abort(new ConnectionAbortedException("The server stops, and the rest of the request did not come.")));
        connection.Transport = new Both(watched, connection.Transport.Output);
        ITimer? looks = null;
        await using var registered = stopping.UnsafeRegister(
            _ => Volatile.Write(ref looks, time.CreateTimer(static one => ((UnfinishedRequest)one!).Look(), watched, Grace, Again)), null);
        try
        {
            await next(connection);
        }
        finally
        {
            await registered.DisposeAsync();   // waits for the making of the timer
            if (Volatile.Read(ref looks) is { } made)
                await made.DisposeAsync();
        }
    };

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = socket.ReadAsync(cancellationToken);
        if (!read.IsCompleted)
            _isAwaited = true;   // until what came is taken
        return read;
    }

    public override bool TryRead(out ReadResult result) => socket.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed)
    {
        _isAwaited = false;
        socket.AdvanceTo(consumed);
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _isAwaited = false;
        socket.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => socket.CancelPendingRead();

    public override void Complete(Exception? exception = null) => socket.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => socket.CompleteAsync(exception);

    private void Look()
    {
        if (_isAwaited)
            cut();
    }

    private sealed class Both(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
