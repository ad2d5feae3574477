namespace Keypace.EndToEnd;

/// <summary>Tests that look at the clock or need the whole machine: one after another, when the others are done.</summary>
[CollectionDefinition(nameof(Timed), DisableParallelization = true)]
public sealed class Timed;
