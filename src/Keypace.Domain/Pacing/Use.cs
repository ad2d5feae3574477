namespace Keypace.Domain.Pacing;

/// <summary>So much used at a tick: sends, or tokens.</summary>
public readonly record struct Use(long At, long Amount);

/// <summary>What one place knows of the use of something.</summary>
/// <param name="Reach">How far back it knows all of it, in ticks.</param>
/// <param name="Uses">Each at its tick or a little later, never earlier; in any order.</param>
public readonly record struct KnownUse(long Reach, List<Use> Uses)
{
    /// <summary>
    /// One account out of several, the best first: the newest use as the first of them knows it, what is older than that reaches as the next
    /// one that reaches further knows it.
    /// </summary>
    public static List<Use> Layered(IEnumerable<KnownUse> bestFirst, long now)
    {
        var (layered, reached) = (new List<Use>(), 0L);
        foreach (var (reach, uses) in bestFirst)
        {
            if (reach <= reached)
                continue;

            var boundary = now - reached;
            var newer = layered.Sum(use => -use.Amount);   // what it has as newer is known, but for what a coarse tick brought over the boundary
            foreach (var use in uses)
            {
                if (reached == 0 || use.At <= boundary)
                    layered.Add(use);
                else
                    newer += use.Amount;
            }

            if (newer > 0 && reached > 0)
                layered.Add(new Use(boundary, newer));

            reached = reach;
        }

        return layered;
    }

    /// <summary>What is left of some when others are taken out, each at its tick.</summary>
    public static List<Use> Without(IReadOnlyList<Use> uses, IEnumerable<Use> others)
    {
        var taken = new Dictionary<long, long>();
        foreach (var other in others)
            taken[other.At] = taken.GetValueOrDefault(other.At) + other.Amount;

        var left = new List<Use>(uses.Count);
        foreach (var use in uses)
        {
            var gone = Math.Min(use.Amount, taken.GetValueOrDefault(use.At));
            if (gone > 0)
                taken[use.At] -= gone;

            if (use.Amount > gone)
                left.Add(use with { Amount = use.Amount - gone });
        }

        return left;
    }

    /// <summary>Takes an amount out, at its tick; what is not there is not taken.</summary>
    public static void Remove(List<Use> uses, long at, long amount)
    {
        for (var i = 0; i < uses.Count && amount > 0; i++)
        {
            if (uses[i].At == at)
            {
                var taken = Math.Min(amount, uses[i].Amount);
                uses[i] = uses[i] with { Amount = uses[i].Amount - taken };
                amount -= taken;
            }
        }
    }
}
