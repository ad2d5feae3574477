using System.Net;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Wire;

/// <summary>A query's body on its way to the hub: waits for the permit on the ready connection, writes, flushes, stamps.</summary>
internal sealed class HubContent(RequestBody body, WireAttempt attempt) : HttpContent
{
    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await body.WriteToAsync(stream, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        attempt.Stamp();
    }
}
