using System.Collections.Frozen;

namespace Keypace.Domain.Hubs;

/// <summary>
/// Headers that pass, by name or by what their names begin with (<c>x-stainless-*</c>). Nothing that is not on a list passes: what a server, a proxy or a
/// browser takes for a command cannot be known whole, what SDKs send and read can.
/// </summary>
public sealed class HeaderList
{
    public static readonly HeaderList Empty = new();

    private readonly FrozenSet<string> _names;
    private readonly string[] _beginnings;
    private readonly string[]?[] _byFirst = new string[]?[128];   // of the beginnings, by their first character, letters small

    /// <param name="patterns">Names, or beginnings of names with a <c>*</c> behind.</param>
    public HeaderList(params IEnumerable<string> patterns)
        : this(patterns.Where(pattern => !pattern.EndsWith('*')), patterns.Where(pattern => pattern.Length > 1 && pattern.EndsWith('*')).Select(pattern => pattern[..^1]))
    {
    }

    private HeaderList(IEnumerable<string> names, IEnumerable<string> beginnings)
    {
        (_names, _beginnings) = (names.ToFrozenSet(StringComparer.OrdinalIgnoreCase), [.. beginnings]);
        foreach (var group in _beginnings.GroupBy(beginning => beginning[0] | 0x20))
            _byFirst[group.Key] = [.. group];
    }

    /// <summary>What either list lets pass.</summary>
    public HeaderList And(HeaderList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.IsEmpty ? this : IsEmpty ? other : new HeaderList(_names.Concat(other._names), _beginnings.Concat(other._beginnings));
    }

    public bool IsEmpty => _names.Count == 0 && _beginnings.Length == 0;

    /// <summary>True for a header that is on the list by its whole name.</summary>
    public bool HasByName(string name) => _names.Contains(name);

    /// <summary>True for a header that is on the list, in any case. One that only its beginning puts there is not, where its name speaks of a secret.</summary>
    public bool Has(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_names.Contains(name))
            return true;
        if (name.Length == 0 || name[0] >= 128 || _byFirst[name[0] | 0x20] is not { } beginnings)
            return false;
        foreach (var beginning in beginnings)
        {
            if (name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                return !HeaderNames.SoundsSecret(name);
        }

        return false;
    }
}
