using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What is foretold happens, whichever limit binds, when nobody comes after, cancels or uses other than estimated.</summary>
public sealed class ForesightTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void What_is_foretold_happens_for_every_binding_limit()
    {
        var waited = 0;
        for (var seed = Traces.FirstSeed(); seed < Traces.FirstSeed() + Traces.Count(400, 20_000); seed++)
            waited += Foretell(seed);

        Assert.True(waited > Traces.Count(100, 5_000), "Hardly anybody waited: this proves little.");
    }

    private static int Foretell(int seed)
    {
        var chance = new Random(seed);
        var limit = new RateLimit(1 + chance.Next(12), 1 + chance.Next(5));
        var pacer = new Pacer(limit, chance.NextInt64(Second / 10), QueueBounds.Default);
        var wall = DateTimeOffset.UnixEpoch.AddHours(chance.Next(24));
        Guid[] sources = [new(1, 0, 0, new byte[8]), new(2, 0, 0, new byte[8])];
        Quota[] quotas = [.. Enumerable.Range(0, chance.Next(4)).Select(_ => AnyQuota(chance, sources))];
        var (start, now) = (1000 * Second, 1000 * Second);
        pacer.ChangeQuotas(quotas, wall, now);
        if (chance.Next(3) == 0)
            pacer.ChangeShape(PacingMode.Smooth, false, now);

        if (chance.Next(3) == 0)
            pacer.PauseSource(sources[0], now + chance.NextInt64(20 * Second), "");

        if (chance.Next(3) == 0)
            pacer.PauseModel("m1", now + chance.NextInt64(20 * Second), "");

        if (chance.Next(4) == 0)
            pacer.PauseUntil(now + chance.NextInt64(5 * Second), "");

        var changed = new List<Ticket>();
        var last = new PlainTicket { Name = -1 };
        for (var i = chance.Next(Pacer.PlayedOut); i > 0; i--)
        {
            if (Enter(new PlainTicket { Name = i }) == EntryEnd.Granted)
                continue;

            if (chance.Next(4) == 0)
            {
                now += chance.NextInt64(Second / 2);
                Advance();
            }
        }

        if (Enter(last) != EntryEnd.Waiting)
            return 0;

        var before = 0;
        while (last.State == TicketState.Waiting)
        {
            var next = pacer.NextEvent(now);
            if (next == long.MaxValue)
            {
                Assert.True(last.ExpectedStart == long.MaxValue, $"Seed {seed}: told {last.ExpectedStart - start}, and nothing is expected any more.");
                return 1;
            }

            now = Math.Max(now, next);
            before += Advance();
        }

        Assert.True(last.ExpectedStart == now, $"Seed {seed}: told {last.ExpectedStart - start}, came {now - start}, {limit}, {string.Join("; ", quotas.Select(quota => $"{quota.Dimension} {quota.Limit}/{quota.Seconds} {quota.Zone} {quota.Model} {quota.Source}"))}.");
        Assert.True(last.Position == before, $"Seed {seed}: told place {last.Position}, {before} went before.");
        return 1;

        EntryEnd Enter(PlainTicket ticket)
        {
            var token = chance.Next(3);
            var need = new QueryNeed($"m{chance.Next(3)}", 1 + chance.Next(20), chance.Next(20), sources[chance.Next(2)]);
            var end = pacer.Enqueue(ticket, new Arrival($"t{token}", $"c{chance.Next(2)}", 1 + token, (QueryClass)chance.Next(3), Need: need), now);
            if (end == EntryEnd.Granted)
                pacer.Sent(ticket, now);

            return end;
        }

        int Advance()
        {
            pacer.TellWall(wall.AddTicks((now - start) / 100), now);
            changed.Clear();
            pacer.Advance(now, changed);
            var granted = changed.FindAll(ticket => ticket.State == TicketState.Granted);
            granted.ForEach(ticket => pacer.Sent(ticket, now));
            var own = granted.IndexOf(last);
            return own < 0 ? granted.Count : own;
        }
    }

    private static Quota AnyQuota(Random chance, Guid[] sources)
    {
        var model = chance.Next(2) == 0 ? null : $"m{chance.Next(3)}";
        Guid? source = chance.Next(4) == 0 ? sources[chance.Next(2)] : null;
        return chance.Next(4) switch
        {
            0 => new Quota(QuotaDimension.Requests, 1 + chance.Next(20), Zone: TimeZoneInfo.Utc, Model: model, Source: source),
            1 => new Quota(QuotaDimension.Requests, 1 + chance.Next(20), 1 + chance.Next(60), Model: model, Source: source),
            _ => new Quota((QuotaDimension)(1 + chance.Next(3)), 40 + chance.Next(200), 1 + chance.Next(30), Model: model, Source: source),
        };
    }
}
