namespace Keypace.Server.Pacing;

/// <summary>Keys that go together from one rate group to another, because they have one secret and destination.</summary>
/// <param name="SourceHere">Names the secret and destination that they have had.</param>
/// <param name="SourceThere">And the one that they have now.</param>
/// <param name="RulesHere">What rules the group that they leave from then on; null: as before.</param>
/// <param name="RulesThere">What rules the one that they come into.</param>
internal sealed record MovingKeys(IReadOnlySet<Guid> Ids, Guid SourceHere, Guid SourceThere, GroupRules? RulesHere, GroupRules RulesThere)
{
    /// <summary>They have the secret that they had.</summary>
    public bool IsSameSecret => SourceHere == SourceThere;

    /// <summary>Other keys of <see cref="SourceHere"/> stay in the group that they leave.</summary>
    public bool SourceStays { get; init; }

    /// <summary>Only keys of <see cref="SourceThere"/> are in the one that they come into: what their hub taught binds all of it.</summary>
    public bool AreAlone { get; init; }
}
