using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>
/// Where everything but a query leaves the sockets' threads. A query is carried from its first byte to its last by the threads that see the bytes
/// come, and nothing on its way blocks (<see cref="KeypaceServer.PrepareSockets"/>). Pages and management calls wait for the store: on one of those
/// threads they would hold up every query.
/// </summary>
internal sealed class OffTheSockets(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Request.Body = new Reads(context.Request.Body);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await next(context);
    }

    /// <summary>A body that comes later than its head comes on a socket's thread; whoever awaits it goes on elsewhere.</summary>
    internal sealed class Reads(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(buffer, cancellationToken);
            return read.IsCompleted ? read : ElsewhereAsync(read);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private static async ValueTask<int> ElsewhereAsync(ValueTask<int> read)
        {
            try
            {
                return await read;
            }
            finally
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
        }
    }
}
