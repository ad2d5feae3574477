using System.Buffers;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.OpenAi;

namespace Keypace.Server.Gateway.Answers;

/// <summary>Step 5's second half: the hub's answer to the caller, piece by piece as it comes, never collected.</summary>
internal static class AnswerCopy
{
    private const int PieceBytes = 16 * 1024;
    private const int MostLookedAt = 64 * 1024;

    /// <param name="clock">Cancels when the hub falls silent; set forward at every piece.</param>
    /// <param name="checkedStatus">The answer's status where an answer that is none shall not pass; null to pass whatever comes.</param>
    /// <returns>What the answer is instead of one; nothing of it was written then. Null when it was passed on.</returns>
    public static async ValueTask<HubFault?> BodyAsync(
        HttpResponseMessage answer, Stream caller, SecretScrub? scrub, UsageScanner? usage, HubClock clock, long mostBytes = long.MaxValue,
        UsageChunkFilter? filter = null, int? checkedStatus = null)
    {
        var ct = clock.Token;
        var (room, isFirst) = (scrub?.Room ?? 0, true);
        var buffer = ArrayPool<byte>.Shared.Rent(room + PieceBytes);
        try
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(ct);
            while (mostBytes > 0)
            {
                var reading = stream.ReadAsync(buffer.AsMemory(room, (int)Math.Min(PieceBytes, mostBytes)), ct);
                if (!reading.IsCompleted)
                    clock.ExpectPiece();      // what came with the head needs no clock
                var read = await reading;
                if (isFirst)
                {
                    isFirst = false;
                    UnsaidCoding.Refuse(answer.Content, buffer.AsSpan(room, read));
                }

                if (checkedStatus is { } status)
                {
                    checkedStatus = null;
                    if (OpenAiAnswers.IsSuspicious(status, buffer.AsSpan(room, read), isWhole: answer.Content.Headers.ContentLength == read))
                    {
                        var piece = buffer.AsMemory(room, read);
                        var start = OpenAiAnswers.IsEvent(piece.Span) ? piece.ToArray() : await CollectAsync(stream, piece, clock);
                        if (OpenAiAnswers.Fault(status, start) is { } fault)
                            return fault;
                        usage?.Feed(start);
                        await WriteAsync(caller, scrub?.PassWhole(start) ?? start, filter, ct);
                        continue;
                    }
                }

                if (read == 0)
                    break;
                mostBytes -= read;
                usage?.Feed(buffer.AsSpan(room, read));
                var (from, to) = scrub?.Pass(buffer, room, read) ?? (room, room + read);
                if (to > from)
                    await WriteAsync(caller, buffer.AsMemory(from, to - from), filter, ct);
            }

            if (scrub?.Rest() is { IsEmpty: false } rest)
                await WriteAsync(caller, rest, filter, ct);
            if (filter?.Rest() is { IsEmpty: false } held)
                await caller.WriteAsync(held, ct);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The beginning of an answer, for a closer look.</summary>
    private static async ValueTask<byte[]> CollectAsync(Stream stream, ReadOnlyMemory<byte> first, HubClock clock)
    {
        var start = new byte[MostLookedAt];
        first.CopyTo(start);
        var count = first.Length;
        for (var read = count; read > 0 && count < start.Length; count += read)
        {
            clock.ExpectPiece();
            read = await stream.ReadAsync(start.AsMemory(count), clock.Token);
        }

        return start[..count];
    }

    private static ValueTask WriteAsync(Stream caller, ReadOnlyMemory<byte> piece, UsageChunkFilter? filter, CancellationToken ct)
    {
        if (filter is not null)
            piece = filter.Pass(piece);
        return piece.IsEmpty ? ValueTask.CompletedTask : caller.WriteAsync(piece, ct);
    }

    /// <summary>The first bytes of an answer that is small, such as a 429's, to be read and perhaps passed on later.</summary>
    public static async ValueTask<byte[]> ReadSmallAsync(HttpResponseMessage answer, int mostBytes, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[mostBytes];
        var count = 0;
        while (count < mostBytes)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(count), ct);
            if (read == 0)
                break;
            count += read;
        }

        UnsaidCoding.Refuse(answer.Content, buffer.AsSpan(0, count));
        return buffer[..count];
    }
}
