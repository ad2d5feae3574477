using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Keypace.Server.Platform;

/// <summary>
/// Ends the connection of a caller who takes nothing of an answer that is there for it, so that it cannot hold a key's place for ever. It stands
/// between Kestrel and the socket, and so sees answers of every kind; an answer that is silent because a model thinks is none of its business.
/// A slow caller makes progress while its machine acknowledges bytes, however seldom the socket has room for more.
/// </summary>
internal sealed class CallerWatch : PipeWriter, IDelivery
{
    // linux/tcp.h: tcpi_bytes_acked, 64 bits at byte 120 of struct tcp_info.
    private const int IpProtocolTcp = 6;
    private const int TcpInfo = 11;
    private const int BytesAckedAt = 120;

    private readonly PipeWriter _socket;
    private readonly Func<long?> _taken;
    private readonly long _takenAtStart;
    private readonly Action _cut;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly TimeSpan _look;
    private ITimer? _timer;
    private long _takenThen;
    private long _lastProgress;
    private long _written;

    /// <param name="taken">Bytes that the caller's machine has acknowledged; null where that is not known.</param>
    /// <param name="cut">Ends the connection.</param>
    public CallerWatch(PipeWriter socket, Func<long?> taken, Action cut, TimeSpan patience, TimeProvider time)
    {
        (_socket, _taken, _cut, _patience, _time) = (socket, taken, cut, patience, time);
        _look = patience / 60;
        _takenAtStart = taken() ?? 0;   // what belongs to the greeting of the two machines
    }

    /// <summary>Where that cannot be known, it is taken for complete.</summary>
    public bool IsComplete => _taken() is not { } taken || taken - _takenAtStart >= Volatile.Read(ref _written);

    public static ConnectionDelegate Around(ConnectionDelegate next, TimeSpan patience, TimeProvider time) => connection =>
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        var watch = new CallerWatch(
            connection.Transport.Output,
            () => socket is null ? null : BytesAcked(socket),
            () => connection.Abort(new ConnectionAbortedException("The caller took nothing of its answer for too long.")),
            patience,
            time);
        connection.Transport = new Both(connection.Transport.Input, watch);
        connection.Features.Set<IDelivery>(watch);
        return next(connection);
    };

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = _socket.FlushAsync(cancellationToken);
        return flush.IsCompleted ? flush : WatchAsync(flush);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        _written += source.Length;
        var flush = _socket.WriteAsync(source, cancellationToken);
        return flush.IsCompleted ? flush : WatchAsync(flush);
    }

    public override bool CanGetUnflushedBytes => _socket.CanGetUnflushedBytes;

    public override long UnflushedBytes => _socket.UnflushedBytes;

    public override void Advance(int bytes)
    {
        _written += bytes;
        _socket.Advance(bytes);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _socket.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _socket.GetSpan(sizeHint);

    public override void CancelPendingFlush() => _socket.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        _timer?.Dispose();
        _socket.Complete(exception);
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        _timer?.Dispose();
        return _socket.CompleteAsync(exception);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // a flush that waits is usual in every long answer
    private async ValueTask<FlushResult> WatchAsync(ValueTask<FlushResult> flush)
    {
        _takenThen = -1;                      // asked for at the first look: most waits are over before
        _lastProgress = _time.GetTimestamp();
        _timer ??= _time.CreateTimer(static watch => ((CallerWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_look, _look);
        try
        {
            return await flush;
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Look()
    {
        var taken = _taken() ?? 0;
        if (_takenThen < 0)
            _takenThen = taken;
        else if (taken != _takenThen)
            (_takenThen, _lastProgress) = (taken, _time.GetTimestamp());
        else if (_time.GetElapsedTime(_lastProgress) >= _patience)
            _cut();
    }

    private static long? BytesAcked(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> info = stackalloc byte[BytesAckedAt + sizeof(long)];
        try
        {
            return socket.GetRawSocketOption(IpProtocolTcp, TcpInfo, info) < info.Length ? null
                : BitConverter.IsLittleEndian ? BinaryPrimitives.ReadInt64LittleEndian(info[BytesAckedAt..]) : BinaryPrimitives.ReadInt64BigEndian(info[BytesAckedAt..]);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    private sealed class Both(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}

/// <summary>What is known of the way of bytes to one caller.</summary>
internal interface IDelivery
{
    /// <summary>All that was written on the connection is with the caller's machine.</summary>
    bool IsComplete { get; }
}
