using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Protocols;

/// <summary>
/// Step 5's second half for hubs with a language of their own. A stream is translated event by event as it comes; whatever goes wrong before
/// its first event has the status that fits, afterwards it is an error event: a cut-off answer never looks whole.
/// </summary>
internal static class TranslatedAnswer
{
    private const int PieceBytes = 16 * 1024;
    private const string EventStream = "text/event-stream";

    /// <param name="mostBytes">Longest whole answer.</param>
    /// <returns>What the answer is instead of one, when it is none of the hub's own errors either; nothing of it was written then.</returns>
    public static async ValueTask<Refusal?> CopyAsync(HubAnswer answer, HttpContext context, Query query, HubClock clock, long mostBytes)
    {
        var native = query.Routed!.Native!;
        var response = context.Response;
        AnswerHead.Write(answer.Response, response, query.Routed!, answer.Scrub);
        response.ContentLength = null;
        response.ContentType = "application/json";
        if (await ReadRefusalAsync(answer, native, clock) is { } refused)
            return await WriteFaultAsync(context, query, refused, answer.IsFinal);
        if (native.Streams)
            return await CopyStreamAsync(answer, context, query, clock);
        if (!native.Answers.TryRead(await answer.ReadWholeAsync(mostBytes, query.Tally.Usage, clock), out var completion, out var fault))
            return await WriteFaultAsync(context, query, fault!, isTerminal: false);
        await WriteAsync(response, completion!, clock.Token);
        return null;
    }

    /// <summary>An answer that is no success, or that is none of the kind that was asked for; null when it can be read on.</summary>
    /// <exception cref="IOException">It broke off, or cannot be decoded; likewise <see cref="HttpRequestException"/>.</exception>
    public static async ValueTask<HubFault?> ReadRefusalAsync(HubAnswer answer, NativeChat native, HubClock clock)
    {
        var isSuccess = answer.Status is >= 200 and <= 299;
        if (isSuccess && (!native.Streams || answer.Response.Content.Headers.ContentType?.MediaType is not { } type || type == native.Accept))
            return null;
        await answer.ReadSmallAsync(clock);
        if (answer.Broken is { } broken)
            ExceptionDispatchInfo.Throw(broken);
        var fault = native.Answers.Fault(answer.Status, answer.HeaderOf, answer.Small);
        return fault is not null && answer.Scrub is { } scrub ? fault with { Words = scrub.Sentence(fault.Words) } : fault;
    }

    /// <summary>The sentence for the caller: which hub, which key, and its words.</summary>
    public static string Sentence(Query query, HubFault fault)
    {
        var key = query.Routed!.Key;
        return fault switch
        {
            { IsHubsOwn: true } => $"{key.Hub.DisplayName} answered the query through '{key.Name}' with an error: {fault.Words}",
            { Code: "hub_broke_off" } => $"{key.Hub.DisplayName} broke off its answer to the query through '{key.Name}'. {fault.Words}",
            _ => $"{key.Hub.DisplayName}'s answer to the query through '{key.Name}' cannot be read. {fault.Words}",
        };
    }

    private static async ValueTask<Refusal?> CopyStreamAsync(HubAnswer answer, HttpContext context, Query query, HubClock clock)
    {
        using var pieces = query.Routed!.Native!.Answers.Pieces();
        var response = context.Response;
        var output = new ArrayBufferWriter<byte>(PieceBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        HubFault? fault = null;
        try
        {
            await using var stream = await answer.Response.Content.ReadAsStreamAsync(clock.Token);
            for (var read = 1; read > 0 && pieces.Fault is null;)
            {
                var reading = stream.ReadAsync(buffer.AsMemory(0, PieceBytes), clock.Token);
                if (!reading.IsCompleted)
                    clock.ExpectPiece();
                read = await reading;
                query.Tally.Usage?.Feed(buffer.AsSpan(0, read));
                if (read > 0)
                    pieces.Feed(buffer.AsSpan(0, read), output);
                else
                    pieces.End(output);
                await SendAsync(response, output, answer.Scrub, clock.Token);
            }

            fault = pieces.Fault;
        }
        catch (Exception failure) when (response.HasStarted && failure is IOException or HttpRequestException or OperationCanceledException && !clock.NobodyAsks)
        {
            if (!pieces.IsWhole)
                throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (fault is null)
            return null;
        if (!response.HasStarted)
            return await WriteFaultAsync(context, query, fault, isTerminal: false);

        (query.Tally.ErrorCode, query.Tally.Trouble) = (fault.Code, Sentence(query, fault));
        fault.WriteEvent(output, query.Tally.Trouble, query.Routed.Native.ErrorForm);
        await SendAsync(response, output, answer.Scrub, context.RequestAborted);
        query.IsCutOff = true;
        return null;
    }

    private static async ValueTask SendAsync(HttpResponse response, ArrayBufferWriter<byte> output, SecretScrub? scrub, CancellationToken ct)
    {
        if (output.WrittenCount == 0)
            return;
        if (!response.HasStarted)
        {
            response.ContentType = EventStream;
            response.Headers["X-Accel-Buffering"] = "no";   // nginx in front passes each event on at once
        }

        if (scrub is null)
        {
            await response.Body.WriteAsync(output.WrittenMemory, ct);
        }
        else
        {
            // Events end with an empty line, so nothing of them is ever held back.
            var room = scrub.Room;
            var piece = ArrayPool<byte>.Shared.Rent(room + output.WrittenCount);
            output.WrittenSpan.CopyTo(piece.AsSpan(room));
            var (from, to) = scrub.Pass(piece, room, output.WrittenCount);
            await response.Body.WriteAsync(piece.AsMemory(from, to - from), ct);
            ArrayPool<byte>.Shared.Return(piece);
        }

        output.ResetWrittenCount();
    }

    /// <summary>An error that the hub gave, or that its answer is, in place of the answer: nothing of that was written.</summary>
    /// <returns>What it is where it is not the hub's own error: nothing was written then.</returns>
    public static async ValueTask<Refusal?> WriteFaultAsync(HttpContext context, Query query, HubFault fault, bool isTerminal)
    {
        var response = context.Response;
        if (!fault.IsHubsOwn)
            return new Refusal(RefusalReason.HubFailed, fault.Code, Sentence(query, fault));

        response.StatusCode = fault.Status;
        if (isTerminal || fault.IsTerminal)
        {
            response.Headers["x-should-retry"] = "false";
            query.Tally.Trouble = Sentence(query, fault);
        }

        await WriteAsync(response, ToBytes(query, fault, RequestIds.Of(context)), context.RequestAborted);
        return null;
    }

    /// <summary>A hub's error in the shape of the OpenAI routes.</summary>
    public static byte[] ToBytes(Query query, HubFault fault, string requestId) => JsonSerializer.SerializeToUtf8Bytes(
        new HubShapedProblem("error", new HubShapedError(fault.Type, Sentence(query, fault), fault.Code, null), requestId), KeypaceJson.Readable.HubShapedProblem);

    private static async ValueTask WriteAsync(HttpResponse response, byte[] body, CancellationToken ct)
    {
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, ct);
    }
}
