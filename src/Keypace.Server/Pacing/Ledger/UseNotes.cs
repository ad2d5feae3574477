using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>What the journal is told of one query's use of the limits beside the rate limit.</summary>
/// <param name="Number">Tells the queries of one rate group and process apart.</param>
/// <param name="At">Tick; of <see cref="UseKind.Past"/> the newest of its sends.</param>
/// <param name="Requests">1, or of <see cref="UseKind.Past"/> how many.</param>
/// <param name="Model">Only one that a limit names.</param>
internal readonly record struct UseNote(UseKind Kind, long Number, long At, long Requests = 1, long Input = 0, long Output = 0, string? Model = null)
{
    /// <summary>Of <see cref="UseKind.Past"/>: Unix milliseconds by the wall clock; 0: as the tick says.</summary>
    public long WallMs { get; init; }

    /// <summary>Only where a limit names one.</summary>
    public Guid Source { get; init; }

    /// <summary>Of <see cref="UseKind.Past"/>.</summary>
    public UseBreadth Breadth { get; init; }
}

internal enum UseKind
{
    /// <summary>It left, with what is reserved for it.</summary>
    Sent,

    /// <summary>What it really used.</summary>
    Settled,

    /// <summary>It runs no longer.</summary>
    Ended,

    /// <summary>Used by queries that are over.</summary>
    Past,
}

/// <summary>Part of a line of the journal, for a rate group with limits beside the rate limit.</summary>
/// <param name="Keep">How long uses count, in ticks.</param>
/// <param name="TokenCredit">Tokens that may have been reserved, besides those noted, before the next line.</param>
/// <param name="IsKept">Some limit counts longer than <see cref="Pacer.LongestForgetful"/>: the credit may be used only when the line is durable.</param>
internal sealed record UseBlock(long Keep, long TokenCredit, bool IsKept, UseNote[] Notes)
{
    /// <summary>All limits that count now; null: those that were said before.</summary>
    public IReadOnlyList<CountedLimit>? Limits { get; init; }
}

/// <summary>What one rate group has used since the journal was told last; under the group's lock.</summary>
internal sealed class UnsavedUses
{
    private readonly List<UseNote> _notes = [];
    private HashSet<string>? _models;   // that limits name
    private bool _hasSources;
    private IReadOnlyList<CountedLimit> _limits = [];
    private bool _areLimitsNew;
    private long _keep;
    private long _number;

    public int Count => _notes.Count;

    /// <summary><see cref="UseBlock.IsKept"/>.</summary>
    public bool IsKept { get; private set; }

    /// <param name="quotas">Those that rule.</param>
    /// <param name="counted">Those that count.</param>
    /// <returns>The models that no limit named before.</returns>
    public IReadOnlySet<string> Configure(IReadOnlyList<Quota> quotas, IReadOnlyList<CountedLimit> counted, long guard)
    {
        _areLimitsNew |= !counted.SequenceEqual(_limits);
        _limits = counted;
        quotas = [.. quotas, .. counted.Select(limit => limit.Quota)];
        var (before, named) = (_models, new HashSet<string>());
        _models = null;
        foreach (var quota in quotas)
        {
            var span = quota.Dimension == QuotaDimension.Concurrent ? 0
                : quota.Zone is not null ? LongestDay
                : (quota.Seconds * SendWindow.Second) + (quota.Seconds * SendWindow.Second / 250) + guard;   // a meter's slot at each end
            _keep = Math.Max(_keep, span);
            _hasSources |= quota.Source is not null;
            if (quota.Model is { } model && (_models ??= []).Add(model) && before?.Contains(model) != true)
                named.Add(model);
        }

        IsKept = quotas.Any(quota => quota.Zone is not null || quota.Seconds > Pacer.LongestForgetful);
        return named;
    }

    /// <summary>Once more for one that runs where limits came that name what was not noted.</summary>
    public void Sent(Turn turn, long at)
    {
        turn.UseNumber = turn.UseNumber > 0 ? turn.UseNumber : ++_number;
        var model = turn.Need.Model is { } name && _models?.Contains(name) == true ? name : null;
        _notes.Add(new UseNote(UseKind.Sent, turn.UseNumber, at, 1, turn.Need.InputTokens, turn.Need.OutputTokens, model) { Source = _hasSources ? turn.Need.Source : default });
    }

    public void Settled(Turn turn, long input, long output)
    {
        if (turn.UseNumber > 0)
            _notes.Add(new UseNote(UseKind.Settled, turn.UseNumber, 0, 1, input, output));
    }

    public void Ended(Turn turn, long at)
    {
        if (turn.UseNumber > 0)
            _notes.Add(new UseNote(UseKind.Ended, turn.UseNumber, at));
    }

    /// <summary>Used elsewhere, or before: it counts here from now on.</summary>
    public void Past(in PastUse use, long at) =>
        _notes.Add(new UseNote(UseKind.Past, 0, at, use.Requests, use.InputTokens, use.OutputTokens, use.Model) { WallMs = use.At.ToUnixTimeMilliseconds(), Source = use.Source, Breadth = use.Breadth });

    public UseBlock Take(long tokenCredit)
    {
        UseNote[] notes = [.. _notes];
        _notes.Clear();
        var limits = _areLimitsNew ? _limits : null;
        _areLimitsNew = false;
        return new UseBlock(_keep, tokenCredit, IsKept, notes) { Limits = limits };
    }

    /// <summary>25 hours where the clocks go back, and minutes around midnight.</summary>
    private const long LongestDay = (26 * 3600 * SendWindow.Second);
}
