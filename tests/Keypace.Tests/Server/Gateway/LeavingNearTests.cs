using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Tests.Server.Pacing;

namespace Keypace.Tests.Server.Gateway;

/// <summary>A caller who leaves while its query waits on a ready connection: of the HTTP stack's cancelling, a write that waits for its permit hears nothing.</summary>
public sealed class LeavingNearTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly RateLimit One = new(1, 10);
    private readonly PacingWorld _world = new();

    [Fact]
    public async Task Its_place_goes_to_the_next_at_once()
    {
        _world.Send(_world.Turn(Key, One), One);
        var (leaving, next) = (_world.Turn(Key, One), _world.Turn(Key, One));
        _world.Pass(TimeSpan.FromSeconds(9.5));
        using var left = new CancellationTokenSource();
        var attempt = new WireAttempt(leaving, hasBody: false, _world.Time) { Unwanted = left.Token };
        var write = WriteAsync(attempt);
        Assert.False(write.IsCompleted);

        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        attempt.Settle();

        _world.Pass(TimeSpan.FromSeconds(0.6));
        Assert.True(next.IsGranted);
        Assert.False(attempt.MayHaveLeft);
    }

    [Fact]
    public async Task So_does_a_permit_that_was_there_already()
    {
        var (leaving, next) = (_world.Turn(Key, One), _world.Turn(Key, One));
        Assert.True(leaving.IsGranted);
        var attempt = new WireAttempt(leaving, hasBody: false, _world.Time) { Unwanted = new CancellationToken(canceled: true) };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WriteAsync(attempt));
        attempt.Settle();

        Assert.True(next.IsGranted);
    }

    /// <summary>Of a limit all but the guard's share is used, however many leave, first in line or not.</summary>
    /// <param name="leaving">A second.</param>
    [Theory]
    [InlineData(7, 2, 2.5)]
    [InlineData(7, 2, 20)]
    [InlineData(10, 10, 3)]
    [InlineData(1, 1, 3)]
    public async Task The_limit_is_used_whatever_leaves(int count, int seconds, double leaving)
    {
        const int Windows = 200;
        const int Waiting = 12;
        var (limit, guard) = (new RateLimit(count, seconds), TimeSpan.FromMilliseconds(50));
        var world = new PacingWorld(guard);
        var random = new Random(20261130);
        var line = new List<(Turn Turn, WireAttempt Attempt, Task Write, CancellationTokenSource Left)>();
        var sent = new List<long>();
        var leavesAt = world.RealNow;
        while (sent.Count <= count * Windows)
        {
            while (line.Count < Waiting)
            {
                var (turn, left) = (world.Turn(Key, limit), new CancellationTokenSource());
                var attempt = new WireAttempt(turn, hasBody: false, world.Time) { Unwanted = left.Token };
                line.Add((turn, attempt, WriteAsync(attempt), left));
                await GoAsync();
            }

            if (world.RealNow >= leavesAt)
            {
                var one = line[random.Next(2) == 0 ? 0 : random.Next(line.Count)];
                line.Remove(one);
                await one.Left.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.Write);
                one.Attempt.Settle();
                leavesAt += (long)(-Math.Log(1 - random.NextDouble()) / leaving * 1e9);
                await GoAsync();
                continue;
            }

            world.PassToNext(TimeSpan.FromTicks(Math.Max(1, (leavesAt - world.RealNow) / 100)));
            await GoAsync();
        }

        var use = (double)Windows * seconds * 1e9 / (sent[count * Windows] - sent[0]);
        Assert.True(use >= seconds / (seconds + guard.TotalSeconds) - 0.0005, $"{use:P2} of {count} per {seconds} s, {leaving} leaving a second");
        Assert.All(Enumerable.Range(count, sent.Count - count), index => Assert.True(sent[index] - sent[index - count] >= seconds * 1_000_000_000L, $"send {index} is over"));

        async Task GoAsync()
        {
            foreach (var one in line.Where(one => one.Turn.State is not TicketState.Waiting).ToArray())
            {
                await one.Write;
                one.Turn.Ended();
                sent.Add(world.RealNow);
                line.Remove(one);
                one.Left.Dispose();
            }
        }
    }

    private static async Task WriteAsync(WireAttempt attempt)
    {
        WireAttempt.Current = attempt;
        using var stream = new PermitStream(Stream.Null);
        await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());   // without a token, as the HTTP stack writes
    }
}
