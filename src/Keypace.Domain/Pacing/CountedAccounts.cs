namespace Keypace.Domain.Pacing;

/// <summary>An account of use that goes along with its keys and only grows: what it holds is held wherever it goes next.</summary>
/// <param name="Number">Its own among all groups.</param>
/// <param name="UpTo">What was carried before this number is in it, later additions are not: keys with another secret have left it then. <see cref="long.MaxValue"/>: all.</param>
public readonly record struct CarriedAccount(long Number, long UpTo = long.MaxValue);

/// <summary>
/// What one group counts already of accounts that come and go: it goes on counting what left, and that comes back with all that was added. By account and not by
/// secret: two secrets may have used something at the same tick, a coarse meter's above all.
/// </summary>
internal sealed class CountedAccounts
{
    /// <summary>Nothing counts longer, in ticks: a calendar day of 25 hours and what lies around it.</summary>
    private const long Longest = 27 * 3600 * SendWindow.Second;

    private readonly Dictionary<long, Counted> _counted = [];
    private readonly Dictionary<Guid, CarriedAccount[]> _here = [];   // by secret, of those that are in this group
    private readonly List<(Guid Source, Counted Part)> _returned = [];   // came back under another secret than it is known by here

    private readonly record struct Counted(long Number, long At, CarriedUse Use);

    /// <summary>Keys leave: what they take is counted here.</summary>
    /// <param name="staysToo">Others of the secret stay, and what they add does not follow: an account of their own begins for those that leave.</param>
    /// <param name="number">A new number, above all before it.</param>
    public CarriedUse Leave(CarriedUse carried, bool staysToo, Func<long> number, long now)
    {
        Forget(now);
        carried = _returned.Where(each => each.Source == carried.Source).Aggregate(carried, (all, each) => all.With(each.Part.Use, now));
        var accounts = _here.GetValueOrDefault(carried.Source) ?? [new CarriedAccount(number())];
        var step = number();
        CarriedAccount[] then = staysToo ? [new CarriedAccount(step), .. accounts.Select(account => account with { UpTo = Math.Min(account.UpTo, step) })] : accounts;
        carried = carried with { Accounts = accounts, AccountsThen = then };
        if (staysToo)
        {
            _here[carried.Source] = accounts;
        }
        else
        {
            _here.Remove(carried.Source);
            RemoveCounted(accounts);
        }

        _counted[Whole(then)] = new Counted(step, now, carried);
        return carried;
    }

    /// <summary>Keys come: what of that is not counted here. From now on all of it is.</summary>
    /// <param name="source">The secret that they have now.</param>
    public CarriedUse Come(CarriedUse carried, Guid source, Func<long> number, long now)
    {
        Forget(now);
        List<Counted> known = [.. carried.Accounts.Where(IsCounted).Select(account => _counted[account.Number])];
        var came = known.Aggregate(carried, (left, counted) => left.Without(counted.Use));
        _returned.AddRange(known.Where(counted => counted.Use.Source != source).Select(counted => (source, counted)));
        RemoveCounted(carried.Accounts);
        if (!ReferenceEquals(carried.Accounts, carried.AccountsThen))
            _counted[Whole(carried.Accounts)] = new Counted(number(), now, carried);   // of those that stayed more may come, with this among it

        _here[source] = [.. (_here.GetValueOrDefault(source) ?? []).Concat(carried.AccountsThen)
            .GroupBy(account => account.Number).Select(same => new CarriedAccount(same.Key, same.Max(account => account.UpTo)))];
        return came;
    }

    private bool IsCounted(CarriedAccount account) => _counted.TryGetValue(account.Number, out var counted) && counted.Number <= account.UpTo;

    private void RemoveCounted(IEnumerable<CarriedAccount> accounts)
    {
        foreach (var account in accounts.Where(IsCounted).ToArray())
            _counted.Remove(account.Number);
    }

    /// <summary>The account that all of it is in.</summary>
    private static long Whole(IEnumerable<CarriedAccount> accounts) => accounts.First(account => account.UpTo == long.MaxValue).Number;

    private void Forget(long now)
    {
        foreach (var (number, counted) in _counted)
        {
            if (counted.At + Longest <= now)
                _counted.Remove(number);
        }

        _returned.RemoveAll(each => each.Part.At + Longest <= now);
    }
}
