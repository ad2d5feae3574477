using System.Runtime.CompilerServices;

namespace Keypace.Server.Gateway.Wire;

/// <summary>
/// The stream of one connection to a hub, above TLS. It lets a write pass only under a permit (see <see cref="WireAttempt"/>).
/// </summary>
internal sealed class PermitStream(Stream inner) : Stream
{
    private WireAttempt? _last;
    private bool _used;
    private bool _isSpent;   // bytes may follow its last answer that belong to none

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var attempt = WireAttempt.Current
            ?? throw new InvalidOperationException("Something wrote to a hub outside of an attempt.");
        if (!ReferenceEquals(attempt, _last))
        {
            if (_isSpent)
            {
                attempt.MetSpentConnection = true;
                throw new IOException("The connection's last answer may go on: it carries no other query.");
            }

            attempt.MetSpentConnection = false;   // the HTTP stack found another connection by itself
            _used = _last is not null;
            _last = attempt;
        }

        var permitted = attempt.BeforeWriteAsync(_used, cancellationToken);
        if (!permitted.IsCompletedSuccessfully)
            await permitted;
        await inner.WriteAsync(buffer, cancellationToken);
        attempt.AfterWrite();
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(buffer, cancellationToken);
        if (!read.IsCompletedSuccessfully)
            return NoteAsync(read, buffer);
        var count = read.Result;
        Note(buffer.Span[..count]);
        return ValueTask.FromResult(count);
    }

    /// <summary>A read that waits may have been begun before the query was written: the HTTP stack reads ahead on connections that it keeps.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> NoteAsync(ValueTask<int> read, Memory<byte> buffer)
    {
        var count = await read;
        Note(buffer.Span[..count]);
        return count;
    }

    /// <summary>The first bytes after a write are the beginning of its answer.</summary>
    private void Note(ReadOnlySpan<byte> read)
    {
        if (_last is not { AnswerBegan: false } attempt || read.IsEmpty)
            return;
        attempt.AnswerBegan = true;
        _isSpent = AnswerFraming.MayBeFollowed(read, attempt.IsHead);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Only asynchronous writes know of permits.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }
}
