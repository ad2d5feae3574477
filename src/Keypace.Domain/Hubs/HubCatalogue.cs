using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Keypace.Domain.Hubs;

/// <summary>All hubs that this server knows: the program's own, overridden and added to by the data folder. Immutable.</summary>
public sealed class HubCatalogue
{
    private readonly FrozenDictionary<string, HubProfile> _byName;

    private HubCatalogue(IReadOnlyList<HubProfile> all)
    {
        All = all;
        _byName = all.ToFrozenDictionary(hub => hub.Name, StringComparer.Ordinal);
    }

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<HubProfile> All { get; }

    /// <param name="embedded">The program's own.</param>
    /// <param name="added">From the data folder; one with a name that is taken replaces it whole.</param>
    public static HubCatalogue Of(IEnumerable<HubProfile> embedded, IEnumerable<HubProfile>? added = null)
    {
        ArgumentNullException.ThrowIfNull(embedded);
        var hubs = new SortedDictionary<string, HubProfile>(StringComparer.Ordinal);
        foreach (var hub in embedded.Concat(added ?? []))
            hubs[hub.Name] = hub;
        return new HubCatalogue([.. hubs.Values]);
    }

    /// <param name="name">Exactly as it is on the wire: <c>bedrockAgents</c>, never <c>bedrockagents</c>.</param>
    public bool TryGet(string name, [NotNullWhen(true)] out HubProfile? hub) => _byName.TryGetValue(name, out hub);

    /// <summary>The hub that a request names, or a refusal that lists the names there are.</summary>
    public Outcome<HubProfile> Find(string? name, string field = "hub")
    {
        if (name is not null && TryGet(name, out var hub))
            return hub;
        var near = All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        return Refusal.Field(field, near is not null
            ? $"There is no hub of this name, but there is '{near.Name}': capitals count."
            : $"There is no hub of this name. There are: {string.Join(", ", All.Select(known => known.Name))}.", "unknown_hub", "unknown_hub");
    }
}
