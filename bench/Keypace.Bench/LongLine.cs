using System.Globalization;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Bench;

/// <summary>
/// A line of 20,000 that is kept full: each step one more comes and one goes, timed apart. Over so many callers and so many models, each with a
/// limit of its own; half of the models are at their limit, so that somebody is always in the way of others.
/// </summary>
internal static class LongLine
{
    private const long Millisecond = SendWindow.Second / 1000;
    private const int Steps = 20_000;

    public static void Run(int waiting)
    {
        Console.WriteLine($"{waiting} waiting, {Steps} steps; nanoseconds: enqueue p50, p99; grant (the step that gives one, with its stamp) p50, p99");
        foreach (var (tokens, callers) in new[] { (1, 100), (1, 1_000), (1, 10_000), (100, 100), (10_000, 10_000) })
        {
            foreach (var models in new[] { 0, 1, 10, 50 })
            {
                Measure(waiting, tokens, callers, models, print: false);
                Measure(waiting, tokens, callers, models, print: true);
            }
        }
    }

    private static void Measure(int waiting, int tokens, int callers, int models, bool print)
    {
        var pacer = new Pacer(new RateLimit(1000, 1), 0, new QueueBounds(1_000_000, 1_000_000));
        if (models > 0)
        {
            pacer.ChangeQuotas([.. Enumerable.Range(0, models).Select(model => new Quota(QuotaDimension.Requests, 2 * model < models - 1 ? 1 : 1_000_000, 3600, Model: $"m{model}"))], DateTimeOffset.UnixEpoch, 0);
        }

        var chance = new Random(1);
        var names = Enumerable.Range(0, callers).Select(i => $"caller-{i}").ToArray();
        var tokenNames = Enumerable.Range(0, tokens).Select(i => $"token-{i}").ToArray();
        var modelNames = Enumerable.Range(0, Math.Max(1, models)).Select(i => $"m{i}").ToArray();
        var changed = new List<Ticket>();
        var now = 0L;
        long[] enqueue = new long[Steps], grant = new long[Steps];
        var granted = 0;
        pacer.PauseUntil(1, "");
        for (var i = 0; i < waiting; i++)
            pacer.Enqueue(new Token(), Next(), now);

        for (var step = 0; step < Steps; step++)
        {
            now += Millisecond;
            var arrival = Next();
            var ticket = new Token();
            var before = TimeProvider.System.GetTimestamp();
            pacer.Enqueue(ticket, arrival, now);
            enqueue[step] = TimeProvider.System.GetTimestamp() - before;
            before = TimeProvider.System.GetTimestamp();
            pacer.Advance(now, changed);
            foreach (var each in changed)
            {
                if (each.State == TicketState.Granted)
                {
                    pacer.Sent(each, now);
                    granted++;
                }
            }

            _ = pacer.NextEvent(now);
            grant[step] = TimeProvider.System.GetTimestamp() - before;
            changed.Clear();
        }

        if (print)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tokens,6} tokens {callers,6} callers {models,3} models: enqueue {At(enqueue, 0.5),6:0} {At(enqueue, 0.99),7:0}   grant {At(grant, 0.5),6:0} {At(grant, 0.99),7:0}   ({granted} went)"));
        }

        Arrival Next()
        {
            var who = chance.Next(callers);
            return new Arrival(tokenNames[who % tokens], tokens > 1 ? "" : names[who], Need: new QueryNeed(modelNames[chance.Next(modelNames.Length)], 10, 10));
        }
    }

    private static double At(long[] ticks, double share)
    {
        Array.Sort(ticks);
        return ticks[(int)(share * (ticks.Length - 1))] * 1e9 / TimeProvider.System.TimestampFrequency;
    }

    private sealed class Token : Ticket;
}
