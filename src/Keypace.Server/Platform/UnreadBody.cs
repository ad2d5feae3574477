using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Server.Platform;

/// <summary>
/// What becomes of a body that nobody will read, because the request is refused. The refusal goes out at once; then what still comes is read
/// and dropped for a while, and the connection closed. Closed at once, the kernel would answer the rest of the body with a reset, which makes
/// the caller's own kernel throw the refusal away: its SDK would see a broken pipe.
/// </summary>
internal static class UnreadBody
{
    /// <summary>Bytes that are dropped at most.</summary>
    public const long MostBytes = 32L * 1024 * 1024;

    /// <summary>Time for which bytes are dropped at most.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(2);

    /// <summary>For so long after that the connection waits for the refusal to be with the caller: on a busy machine it may still lie here.</summary>
    public static readonly TimeSpan MostTimeToArrive = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    /// <summary>Nothing of the body is left. To be called by whoever read it to its end.</summary>
    public static void MarkRead(HttpRequest request) => request.Body = Stream.Null;

    public static bool IsLeft(HttpContext context) =>
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } && !ReferenceEquals(context.Request.Body, Stream.Null);

    /// <summary>Sends off the answer that was written, and drops what is left of the body. For refusals only.</summary>
    public static async Task DropAsync(HttpContext context, TimeProvider time)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;   // bounded here
        try
        {
            await context.Response.CompleteAsync();
            using var patience = new CancellationTokenSource(MostTime, time);
            var reader = context.Request.BodyReader;
            for (var dropped = 0L; dropped <= MostBytes;)
            {
                var piece = await reader.ReadAsync(patience.Token);
                dropped += piece.Buffer.Length;
                reader.AdvanceTo(piece.Buffer.End);
                if (piece.IsCompleted)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // It takes too long.
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException)
        {
            // The body is broken, or the caller left. The answer is on its way and the server closes behind it; an abort could overtake it.
            return;
        }

        // The caller is told that the answer is over before its connection ends: an end without that reads as a reset. Neither may overtake the
        // answer, which was only handed to the sender of the connection: ended before it is gone, the caller sees an end without a word.
        await ArrivalAsync(context, time);
        ShutDownSending(context);
        context.Abort();
    }

    private static async Task ArrivalAsync(HttpContext context, TimeProvider time)
    {
        var delivery = context.Features.Get<IDelivery>();
        for (var waited = TimeSpan.Zero; delivery is { IsComplete: false } && waited < MostTimeToArrive; waited += _look)
            await Task.Delay(_look, time);
    }

    private static void ShutDownSending(HttpContext context)
    {
        try
        {
            context.Features.Get<IConnectionSocketFeature>()?.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The connection is gone.
        }
    }
}
