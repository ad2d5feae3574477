using System.IO.Pipelines;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Gateway;

public sealed class WaitingBodiesTests
{
    private const int MiB = 1 << 20;

    /// <summary>What is written is read before the write returns, so that the test knows what has happened.</summary>
    private static readonly PipeOptions Inline = new(
        pauseWriterThreshold: 0, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void One_token_gets_a_quarter_and_all_together_the_whole()
    {
        var bodies = new WaitingBodies(new GatewayOptions { WaitingBodiesBytes = 100 });
        var (a, b) = (bodies.For("a"), bodies.For("b"));
        Assert.True(a.TryTake(20));
        Assert.False(a.TryTake(6));
        Assert.True(a.TryTake(5));
        Assert.False(bodies.For("a").TryTake(1));
        Assert.True(b.TryTake(25));
        Assert.True(bodies.For("c").TryTake(25));
        Assert.True(bodies.For("d").TryTake(25));
        Assert.False(bodies.For("e").TryTake(1));
        Assert.Equal(100, bodies.HeldBytes);

        a.GiveBackAll();
        a.GiveBackAll();
        Assert.Equal(75, bodies.HeldBytes);
        Assert.True(bodies.For("a").TryTake(25));
    }

    [Fact]
    public async Task Room_is_taken_before_a_byte_is_read()
    {
        var bodies = new WaitingBodies(new GatewayOptions());
        var pipes = Enumerable.Range(0, 80).Select(_ => new Pipe()).ToList();
        var reading = pipes.Select(pipe => RequestBody.ReadAsync(Request(pipe, 31 * MiB), 32 * MiB, bodies.For("one"), _time, Ct).AsTask()).ToList();

        // A quarter of 512 MiB holds four; the rest are told at once, before they sent anything.
        Assert.Equal(4, reading.Count(one => !one.IsCompleted));
        foreach (var refused in reading.Where(one => one.IsCompleted))
            Assert.Equal(("queue_full", RefusalReason.Limited), Refused(await refused));
        Assert.Equal(4 * 31 * MiB, bodies.HeldBytes);

        // They pause, and what they hold is free again.
        for (var second = 0; second < 11; second++)
            _time.Advance(TimeSpan.FromSeconds(1));
        foreach (var one in reading.Where(one => !one.IsCompletedSuccessfully || !one.Result.TryGet(out _, out var refusal) && refusal.Code != "queue_full"))
            Assert.Equal(("request_too_slow", RefusalReason.TooSlow), Refused(await one));
        Assert.Equal(0, bodies.HeldBytes);
    }

    [Fact]
    public async Task Without_a_length_room_is_taken_piece_by_piece_and_given_back_with_the_body()
    {
        var bodies = new WaitingBodies(new GatewayOptions { WaitingBodiesBytes = 16 * MiB });
        var pipe = new Pipe(Inline);
        var reading = RequestBody.ReadAsync(Request(pipe, null), 32 * MiB, bodies.For("one"), _time, Ct).AsTask();
        Assert.InRange(bodies.HeldBytes, 1, 8192);
        await pipe.Writer.WriteAsync(new byte[300_000], Ct);
        await pipe.Writer.CompleteAsync();
        Assert.True((await reading).TryGet(out var body, out _));
        Assert.Equal(300_000, body!.Length);
        Assert.InRange(bodies.HeldBytes, 300_000, 600_000);
        body.Dispose();
        body.Dispose();
        Assert.Equal(0, bodies.HeldBytes);

        var much = new Pipe(Inline);
        var refused = RequestBody.ReadAsync(Request(much, null), 32 * MiB, bodies.For("one"), _time, Ct).AsTask();
        for (var sent = 0; sent < 20 && !refused.IsCompleted; sent++)
            await much.Writer.WriteAsync(new byte[MiB], Ct);
        await much.Writer.CompleteAsync();
        Assert.Equal("queue_full", Refused(await refused).Code);
        Assert.Equal(0, bodies.HeldBytes);
    }

    [Theory]
    [InlineData(1200, true)]     // slow, but no slower than it may be
    [InlineData(900, false)]
    [InlineData(0, false)]
    public async Task A_body_that_moves_less_than_1_KiB_a_second_for_ten_seconds_is_a_408(int bytesPerSecond, bool isGood)
    {
        var bodies = new WaitingBodies(new GatewayOptions());
        var pipe = new Pipe(Inline);
        var length = 500_000 + 30 * bytesPerSecond + (isGood ? 0 : 1);
        var reading = RequestBody.ReadAsync(Request(pipe, length), 32 * MiB, bodies.For("one"), _time, Ct).AsTask();
        await pipe.Writer.WriteAsync(new byte[500_000], Ct);    // a fast start buys no right to fall asleep
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var second = 0; second < 30; second++)
        {
            if (bytesPerSecond > 0)
                await pipe.Writer.WriteAsync(new byte[bytesPerSecond], Ct);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        if (isGood)
            await pipe.Writer.CompleteAsync();
        var read = await reading;
        Assert.Equal(isGood, read.TryGet(out var body, out _));
        body?.Dispose();
        Assert.Equal(0, bodies.HeldBytes);
        if (!isGood)
            Assert.Equal("request_too_slow", Refused(read).Code);
    }

    [Fact]
    public async Task A_body_that_was_promised_to_be_too_large_takes_no_room()
    {
        var bodies = new WaitingBodies(new GatewayOptions());
        Assert.Equal("body_too_large", Refused(await RequestBody.ReadAsync(Request(new Pipe(), 2 * MiB), MiB, bodies.For("one"), _time, Ct)).Code);
        Assert.Equal(0, bodies.HeldBytes);
    }

    private static (string Code, RefusalReason Reason) Refused(Outcome<RequestBody> read)
    {
        Assert.False(read.TryGet(out _, out var refusal));
        return (refusal!.Code, refusal.Reason);
    }

    private static HttpRequest Request(Pipe pipe, long? length)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new PipeBody(pipe.Reader));
        context.Request.ContentLength = length;
        return context.Request;
    }

    private sealed class PipeBody(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
