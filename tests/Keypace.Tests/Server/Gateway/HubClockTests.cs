using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Gateway;

/// <summary>One query's clock may be made of what another's was; nothing of the other may be left in it.</summary>
public sealed class HubClockTests
{
    private const int Many = 300;   // more than are kept

    [Fact]
    public void A_caller_who_left_ends_its_own_query_and_no_later_one()
    {
        for (var at = 0; at < Many; at++)
        {
            using var caller = new CancellationTokenSource();
            var clock = new HubClock(Options(), TimeProvider.System, caller.Token);
            caller.Cancel();
            Assert.True(clock is { CallerLeft: true, Token.IsCancellationRequested: true });
            clock.Dispose();

            using var next = new HubClock(Options(), TimeProvider.System, CancellationToken.None);
            Assert.False(next.Token.IsCancellationRequested);
        }
    }

    [Fact]
    public void A_caller_who_leaves_after_its_query_ends_nobody_elses()
    {
        using var caller = new CancellationTokenSource();
        var clock = new HubClock(Options(), TimeProvider.System, caller.Token);
        clock.ExpectFirstByte();
        clock.Dispose();
        clock.Dispose();

        using var one = new HubClock(Options(), TimeProvider.System, CancellationToken.None);
        using var other = new HubClock(Options(), TimeProvider.System, CancellationToken.None);
        caller.Cancel();

        Assert.False(one.Token.IsCancellationRequested || other.Token.IsCancellationRequested);
        Assert.NotEqual(one.Token, other.Token);
    }

    [Fact]
    public void A_silent_hub_is_told_from_a_caller_who_left()
    {
        var time = new FakeTimeProvider();
        using var clock = new HubClock(Options(), time, CancellationToken.None);
        clock.ExpectFirstByte();
        time.Advance(Options().FirstByte);
        Assert.True(clock is { HubWasSilent: true, CallerLeft: false });
    }

    private static GatewayOptions Options() => new();
}
