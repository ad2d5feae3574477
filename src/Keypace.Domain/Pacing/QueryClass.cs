namespace Keypace.Domain.Pacing;

/// <summary>Classes of queries, strictest first: a lower one goes only when no higher one waits.</summary>
public enum QueryClass
{
    /// <summary>Somebody looks at the screen.</summary>
    Interactive,

    /// <summary>A run that should end soon.</summary>
    Batch,

    /// <summary>Whenever nothing else is there.</summary>
    Background,
}
