using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What a life may hold beside queries.</summary>
[Flags]
internal enum LifeKinds
{
    None = 0,
    Kills = 1,
    PowerFailures = 2,
    Stops = 4,
    Limits = 8,
    Moves = 16,
    Pauses = 32,
    Idle = 64,

    /// <summary>Keys take another's secret, or one of their own again.</summary>
    Secrets = 128,

    /// <summary>Hubs teach limits, and people take them back.</summary>
    Lessons = 256,

    /// <summary>For a while nobody comes and no answer ends: what was told must happen.</summary>
    Foresight = 512,
    All = 1023,

    /// <summary>The process ends between the store's commit of a move and the move, or just before that commit. Not among <see cref="All"/>, whose seeds play as ever.</summary>
    BrokenMoves = 1024,
}

/// <summary>One query of a life.</summary>
internal sealed class LifeQuery(Turn turn, int key, QueryNeed need)
{
    public Turn Turn { get; } = turn;

    public int Key { get; } = key;

    public QueryNeed Need { get; } = need;

    /// <summary>What is reserved until it is known what it used.</summary>
    public QueryNeed Used { get; set; } = need;

    /// <summary>Nanoseconds of real time.</summary>
    public long SentAt { get; set; } = long.MaxValue;

    /// <summary>The wall clock's time when it was sent.</summary>
    public DateTimeOffset SentOn { get; set; }

    /// <summary>It had its permit already when something changed.</summary>
    public bool WasOut { get; set; }

    public bool IsRunning { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>The secret that it was sent with.</summary>
    public int Source { get; init; }

    /// <summary>The group that it was sent in, and what ruled it then.</summary>
    public int SentIn { get; set; }

    public GroupRules SentUnder { get; set; } = null!;
}
