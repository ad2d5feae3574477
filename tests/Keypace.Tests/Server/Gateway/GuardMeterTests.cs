using Keypace.Server.Gateway.Wire;

namespace Keypace.Tests.Server.Gateway;

public sealed class GuardMeterTests
{
    private static readonly TimeSpan Set = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void Nothing_measured_leaves_what_is_set() => Assert.Equal(50, HubGuards.GuardMsOf(new GuardMeter().SpreadMs(100), Set));

    [Fact]
    public void An_even_line_however_long_needs_no_more_than_what_is_set()
    {
        var meter = new GuardMeter();
        for (var second = 0; second < 100; second++)
        {
            meter.RoundTrip(180, 2, 178, second);
            meter.Connected(179, second);
        }

        Assert.Equal(50, HubGuards.GuardMsOf(meter.SpreadMs(100), Set));
    }

    [Fact]
    public void A_line_that_spreads_raises_the_guard_at_once_and_is_forgotten_after_ten_minutes()
    {
        var meter = new GuardMeter();
        meter.RoundTrip(20, 1, 18, 0);
        meter.RoundTrip(60, 40, 18, 30);

        Assert.Equal(202, meter.SpreadMs(31));
        Assert.Equal(205, HubGuards.GuardMsOf(meter.SpreadMs(31), Set));
        Assert.Equal(202, meter.SpreadMs(599));
        Assert.Equal(0, meter.SpreadMs(600));
    }

    [Fact]
    public void One_slow_connect_may_be_a_lost_packet_but_two_are_the_line()
    {
        var meter = new GuardMeter();
        meter.Connected(20, 0);
        meter.Connected(21, 1);
        meter.Connected(1_020, 2);
        Assert.InRange(meter.SpreadMs(3), 0, 2);

        meter.Connected(320, 4);
        Assert.Equal(300, meter.SpreadMs(5));
    }

    [Theory]
    [InlineData(0, 205)]
    [InlineData(2_000, 205)]
    [InlineData(2_001, 50)]     // it heard nothing since the last look: what the kernel remembers is old
    public void A_connection_that_hears_nothing_keeps_no_guard_up(int heardMs, int guard)
    {
        var info = new byte[152];
        BitConverter.TryWriteBytes(info.AsSpan(56), heardMs);
        BitConverter.TryWriteBytes(info.AsSpan(68), 60_000);
        BitConverter.TryWriteBytes(info.AsSpan(72), 40_000);
        BitConverter.TryWriteBytes(info.AsSpan(148), 18_000);
        var meter = new GuardMeter();

        HubGuards.Note(info, meter, 700);

        Assert.Equal(guard, HubGuards.GuardMsOf(meter.SpreadMs(701), Set));
    }

    [Fact]
    public void It_never_grows_beyond_a_second() => Assert.Equal(1_000, HubGuards.GuardMsOf(30_000, Set));
}
