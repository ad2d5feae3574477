using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Keypace.Demo;

/// <summary>
/// Notes when the first byte of each request reached this machine. The process may be late to read it (a busy core, a cold
/// start), which would make two arrivals look closer than they were; the kernel knows better and is asked.
/// </summary>
internal sealed class FirstByteStamp(PipeReader inner, TimeProvider time, Socket? socket) : PipeReader
{
    private long _firstByteNs;

    public int Requests { get; private set; }

    public static ConnectionDelegate Watch(ConnectionDelegate next, TimeProvider time) => connection =>
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        var stamp = new FirstByteStamp(connection.Transport.Input, time, socket);
        connection.Features.Set(stamp);
        connection.Transport = new Duplex(stamp, connection.Transport.Output);
        return next(connection);
    };

    /// <summary>The stamp of the request that is being handled.</summary>
    public long Take()
    {
        Requests++;
        return _firstByteNs;
    }

    /// <summary>The whole request has been read: the next byte starts another one.</summary>
    public void Rearm() => _firstByteNs = 0;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var pending = inner.ReadAsync(cancellationToken);
        var result = pending.IsCompletedSuccessfully ? pending.Result : await pending.ConfigureAwait(false);
        Note(result);
        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        var read = inner.TryRead(out result);
        if (read)
            Note(result);

        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private void Note(ReadResult result)
    {
        if (_firstByteNs == 0 && !result.Buffer.IsEmpty)
            _firstByteNs = Wire.Nanoseconds(time) - (KernelNews.UnreadForMs(socket) * 1_000_000L);
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
