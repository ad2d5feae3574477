namespace Keypace.Domain.Pacing;

/// <summary>Whom a refusal is about.</summary>
public enum RefusalScope
{
    /// <summary>Not said: what else is asked and answered tells.</summary>
    Unsaid,

    /// <summary>This query only: too large for any turn, or refused again and again while others like it were answered.</summary>
    Query,

    /// <summary>The query's model.</summary>
    Model,

    /// <summary>Everything that goes with the key.</summary>
    Key,
}
