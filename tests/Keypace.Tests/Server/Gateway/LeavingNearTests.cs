using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Wire;
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

    private static async Task WriteAsync(WireAttempt attempt)
    {
        WireAttempt.Current = attempt;
        using var stream = new PermitStream(Stream.Null);
        await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());   // without a token, as the HTTP stack writes
    }
}
