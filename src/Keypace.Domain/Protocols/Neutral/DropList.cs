namespace Keypace.Domain.Protocols.Neutral;

/// <summary>Which members of a query may be left out where a hub has no place for them, as an agent or a key says in <c>drop_params</c>.</summary>
public sealed class DropList
{
    /// <summary>Nothing is left out without a word: what has no place is refused.</summary>
    public static readonly DropList None = new(false, []);

    /// <summary>Whatever has no place is left out.</summary>
    public static readonly DropList All = new(true, []);

    private readonly bool _isAll;
    private readonly string[] _names;

    private DropList(bool isAll, string[] names) => (_isAll, _names) = (isAll, names);

    /// <param name="names">Members as the caller's language names them; <c>tools.function.strict</c> for one inside others, places in lists left out.</param>
    public static DropList Of(IEnumerable<string> names) => new(false, [.. names]);

    /// <summary>What both leave out.</summary>
    public DropList And(DropList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _isAll || other._isAll ? All : other._names.Length == 0 ? this : _names.Length == 0 ? other : Of(_names.Concat(other._names));
    }

    /// <param name="at">The member's place: <c>messages[2].name</c>.</param>
    public bool Has(string at)
    {
        ArgumentNullException.ThrowIfNull(at);
        if (_isAll)
            return true;
        if (_names.Length == 0)
            return false;
        var path = WithoutPlaces(at);
        return _names.Any(name => path == name || (path.Length > name.Length && path[name.Length] == '.' && path.StartsWith(name, StringComparison.Ordinal)));
    }

    private static string WithoutPlaces(string at)
    {
        for (int open; (open = at.IndexOf('[', StringComparison.Ordinal)) >= 0;)
        {
            var close = at.IndexOf(']', open);
            at = close < 0 ? at[..open] : at.Remove(open, close - open + 1);
        }

        return at;
    }
}
