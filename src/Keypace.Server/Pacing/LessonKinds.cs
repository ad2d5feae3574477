namespace Keypace.Server.Pacing;

/// <summary>What a hub may teach.</summary>
[Flags]
internal enum LessonKinds
{
    None = 0,

    /// <summary>Another limit than the one that is set.</summary>
    Limit = 1,

    /// <summary>Smaller bursts.</summary>
    Bursts = 2,

    /// <summary>Nothing goes for a while.</summary>
    Pause = 4,

    /// <summary>Queries of a model are refused without being sent.</summary>
    Circuits = 8,

    All = Limit | Bursts | Pause | Circuits,
}
