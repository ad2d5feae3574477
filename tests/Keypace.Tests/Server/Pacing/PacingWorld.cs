using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.UnderLock;
using Keypace.Tests.Domain.Pacing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>A machine in virtual time with one pacing process after another, and a log of what left that outlives them all.</summary>
internal sealed class PacingWorld : IMachine
{
    private readonly Queue<Action> _background = new();
    private long _bootOffset;   // real time minus this boot's monotonic clock
    private long _bootedAt;     // on that clock
    private int _boot = 1;

    public PacingWorld(TimeSpan? guard = null)
    {
        Options.Guard = guard ?? TimeSpan.Zero;
        Options.MaxWait = TimeSpan.FromHours(20);
        Time = new SteppedTime(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        _bootedAt = new MonotonicClock(Time).Now - (600 * SendWindow.Second);
        Start(isStoreNew: true);
    }

    public PacingOptions Options { get; } = new();

    public SteppedTime Time { get; private set; }

    public MemoryDisk Disk { get; private set; } = new();

    public RateGroups Groups { get; private set; } = null!;

    public PaceJournal Journal { get; private set; } = null!;

    public MemoryLessons Lessons { get; private set; } = new();

    public List<Departure> Departures { get; } = [];

    public string BootId => $"boot-{_boot}";

    public long Uptime => Mono - _bootedAt;

    /// <summary>Nanoseconds that really passed, whatever clocks and boots say.</summary>
    public long RealNow => Mono + _bootOffset;

    private long Mono => new MonotonicClock(Time).Now;

    public void Start(bool isStoreNew = false)
    {
        Journal = PaceJournal.Open(Disk, this, Time, isStoreNew, NullLogger<PaceJournal>.Instance, _background.Enqueue);
        Lessons = Lessons.OfNextProcess();
        Groups = new RateGroups(Options, Time, Journal, Lessons);
    }

    /// <summary>kill -9: whatever was handed to the system stays.</summary>
    public void KillAndStart(TimeSpan down = default)
    {
        Disk = Disk.AfterKill();
        _background.Clear();
        Time.Advance(down);   // what is left of the old process writes to a disk that nobody reads again
        Start();
    }

    /// <summary>Only what was waited for stays; another boot, another clock.</summary>
    public void LosePowerAndStart(TimeSpan down, TimeSpan booting, int tornBytes = 0, TimeSpan? wallBehind = null)
    {
        Disk = Disk.AfterPowerLoss(tornBytes);
        Reboot(down, booting, wallBehind);
        Start();
    }

    /// <param name="wallBehind">Null: the wall clock has lost its time. It is never ahead: long intervals go by it.</param>
    public void Reboot(TimeSpan down, TimeSpan booting, TimeSpan? wallBehind = null)
    {
        _background.Clear();
        var real = RealNow + MonotonicClock.NanosecondsOf(down + booting);
        _boot++;
        var wall = wallBehind is { } behind ? Time.GetUtcNow() + down + booting - behind : new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(-_boot);
        Time = new SteppedTime(wall);
        _bootedAt = Mono - MonotonicClock.NanosecondsOf(booting);
        _bootOffset = real - Mono;
    }

    /// <summary>Lets time pass in small steps, and the background keep up.</summary>
    public void Pass(TimeSpan time, int stepMs = 20, Action? each = null)
    {
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(stepMs))
        {
            Time.Advance(left < TimeSpan.FromMilliseconds(stepMs) ? left : TimeSpan.FromMilliseconds(stepMs));
            Background();
            each?.Invoke();
        }
    }

    /// <summary>The disk takes its time: background work runs only when this says so.</summary>
    public Func<bool> BackgroundRuns { get; set; } = () => true;

    /// <summary>The background has nothing to do.</summary>
    public bool IsSettled => _background.Count == 0;

    public void Background()
    {
        if (!BackgroundRuns())
            return;

        while (_background.TryDequeue(out var work))
            work();
    }

    /// <summary>Time passes until the next timer is due, but at most so long, and the background keeps up.</summary>
    public void PassToNext(TimeSpan most)
    {
        var due = Time.NextDue ?? most;
        Time.Advance(due < TimeSpan.Zero ? TimeSpan.Zero : due < most ? due : most);
        while (_background.TryDequeue(out var work))
            work();
    }

    public Admission Enter(Guid group, RateLimit limit, TimeSpan patience, string token = "t", string caller = "", bool front = false)
    {
        Disk.IsQueryRunning = true;
        var admission = Groups.Get(group, limit).Enter(new Entry(token, caller, 1, QueryClass.Interactive, patience, front));
        Disk.IsQueryRunning = false;
        return admission;
    }

    public Turn Turn(Guid group, RateLimit limit, string token = "t", string caller = "")
    {
        Assert.True(Enter(group, limit, TimeSpan.FromHours(19), token, caller).TryGet(out var turn, out var refusal), refusal?.ToString());
        return turn;
    }

    /// <param name="ends">Its answer is there at once.</param>
    public void Send(Turn turn, RateLimit limit, bool ends = true)
    {
        Disk.IsQueryRunning = true;
        turn.Leaving();
        turn.Sent();
        Disk.IsQueryRunning = false;
        Departures.Add(new Departure(RealNow, 1, limit, long.MinValue));
        if (ends)
            turn.Ended();
    }

    /// <summary>Sends as many as go at once; how many.</summary>
    public int Burst(Guid group, RateLimit limit, int most)
    {
        var turns = Enumerable.Range(0, most).Select(_ => Turn(group, limit)).ToArray();
        Background();
        var granted = turns.Where(turn => turn.IsGranted).ToArray();
        Array.ForEach(granted, turn => Send(turn, limit));
        Array.ForEach(turns, turn => turn.GiveBack());
        return granted.Length;
    }
}
