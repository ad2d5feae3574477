namespace Keypace.Client;

/// <summary>
/// An event stream that ends with an empty line whatever it came as: the parser drops an event that nothing ends, and some hubs end with their last
/// word. What is left over of a stream that broke off is then no event either: its JSON is cut.
/// </summary>
internal sealed class EventBytes(Stream inner) : Stream
{
    private bool _isEnded;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = _isEnded ? 0 : await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (count > 0 || _isEnded || buffer.Length < 2)
            return count;

        _isEnded = true;
        "\n\n"u8.CopyTo(buffer.Span);
        return 2;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
