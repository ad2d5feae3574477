using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>The reason of a pause in words, for pages and answers.</summary>
internal static class PauseWords
{
    /// <summary>A wait of more than a day.</summary>
    public const string OutOfReason = "the hub said to wait for more than a day; after an hour one query asks whether it answers again";

    public static string Of(PacingCause cause) => cause switch
    {
        PacingCause.Overloaded => "the hub is overloaded",
        PacingCause.RefusedWithWait => "the hub answered 429 and said how long to wait",
        _ => "the hub answered 429",
    };
}
