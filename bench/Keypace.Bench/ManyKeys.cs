using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Bench;

/// <summary>10,000 keys at one query a second each: processor time of the pacer, its host and its journal, and the memory of a key.</summary>
internal static class ManyKeys
{
    private const int Keys = 10_000;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Loops of a key, measured one after the other: one that only waits a second on a timer, which is the yardstick; the same with a permit that
    /// is free at once, without a journal and with it (by the second, a group comes to rest after every query, which costs lines); and one whose
    /// limit of one a second binds, so that every query waits in line and the pacer's own timer wakes it.
    /// </summary>
    public static async Task LoadAsync(int seconds)
    {
        var timers = await MeasureAsync("a timer and nothing else", seconds, null, hasJournal: false);
        var free = await MeasureAsync("and a permit that is free", seconds, new RateLimit(600, 60), hasJournal: false);
        var noted = await MeasureAsync("and the journal", seconds, new RateLimit(600, 60), hasJournal: true);
        var often = await MeasureAsync("and the journal, limits by the second", seconds, new RateLimit(60, 1), hasJournal: true);
        var binding = await MeasureAsync("every query waits for its permit, with the journal", seconds, new RateLimit(1, 1), hasJournal: true);
        Console.WriteLine(
            $"over the timers, of a core: {free - timers:0.0} % pacer and host, {noted - timers:0.0} % with the journal, {often - timers:0.0} % with limits by the second, {binding - timers:0.0} % where every query waits");
    }

    /// <summary>Managed memory of a key that rests: the pacer alone, with its host, and after one query.</summary>
    public static void Memory()
    {
        var limit = new RateLimit(60, 60);
        var pacers = new Pacer[Keys];
        Report("a pacer", () => Fill(pacers, _ => new Pacer(limit, 0, QueueBounds.Default)));
        Report("and one send in it", () => Array.ForEach(pacers, pacer =>
        {
            var ticket = new Ticketed();
            pacer.Enqueue(ticket, new Arrival("t", ""), 0);
            pacer.Sent(ticket, 0);
        }));
        GC.KeepAlive(pacers);

        var groups = new RateGroups(new PacingOptions(), TimeProvider.System, new OpenLedger());
        var hosts = new PacedGroup[Keys];
        Report("a rate group with its pacer, host and place in the table", () => Fill(hosts, _ => groups.Get(NewId(), limit)));
        Report("and one query through it", () => Array.ForEach(hosts, group => Send(Enter(group))));
        GC.KeepAlive(hosts);
        GC.KeepAlive(groups);
    }

    private static async Task<double> MeasureAsync(string what, int seconds, RateLimit? limit, bool hasJournal)
    {
        var folder = Directory.CreateTempSubdirectory("keypace-bench-");
        try
        {
            using var journal = PaceJournal.Open(new JournalDisk(folder.FullName), new LinuxMachine(), TimeProvider.System, true, NullLogger<PaceJournal>.Instance);
            var groups = new RateGroups(new PacingOptions { Guard = TimeSpan.Zero }, TimeProvider.System, hasJournal ? journal : new OpenLedger());
            using var stop = new CancellationTokenSource();
            long sent = 0;
            var binds = limit is { Count: 1 };
            var loops = Enumerable.Range(0, Keys).Select(key => LoopAsync(limit is { } rules ? groups.Get(NewId(), rules) : null, key)).ToArray();
            await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System);   // compiled, and all have begun

            var (cpu, began, before) = (Environment.CpuUsage.TotalTime, TimeProvider.System.GetTimestamp(), Interlocked.Read(ref sent));
            await Task.Delay(Second * seconds, TimeProvider.System);
            var elapsed = TimeProvider.System.GetElapsedTime(began);
            var share = (Environment.CpuUsage.TotalTime - cpu) / elapsed * 100;
            var rate = (Interlocked.Read(ref sent) - before) / elapsed.TotalSeconds;
            Console.WriteLine($"{what}: {rate:0} queries a second over {Keys} keys, {share:0.0} % of a core");
            await stop.CancelAsync();
            await groups.StopAsync();
            await Task.WhenAll(loops);
            return share;

            async Task LoopAsync(PacedGroup? group, int key)
            {
                await Task.Delay(Second * key / Keys, TimeProvider.System);   // spread over the second
                while (!stop.IsCancellationRequested)
                {
                    if (group is not null)
                    {
                        if (!group.Enter(Asked).TryGet(out var turn, out _))
                            return;

                        if (await turn.WhenGranted(default) != TurnEnd.Granted)
                            return;

                        Send(turn);
                    }

                    Interlocked.Increment(ref sent);
                    if (!binds)
                        await Task.Delay(Second, TimeProvider.System);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Entry Asked => new("token", "", 1, QueryClass.Interactive, TimeSpan.FromSeconds(60));

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    private static Turn Enter(PacedGroup group) =>
        group.Enter(Asked).TryGet(out var turn, out var refusal) ? turn : throw new InvalidOperationException(refusal.ToString());

    private static void Send(Turn turn)
    {
        turn.Leaving();
        turn.Sent();
        turn.Ended();
    }

    private static void Fill<T>(T[] places, Func<int, T> make)
    {
        for (var i = 0; i < places.Length; i++)
            places[i] = make(i);
    }

    private static void Report(string what, Action make)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        make();
        Console.WriteLine($"{what}: {(GC.GetTotalMemory(forceFullCollection: true) - before) / Keys} B");
    }

    private sealed class Ticketed : Ticket;
}
