using Keypace.Domain.Hubs;

namespace Keypace.Server.Web.Pages.Keys;

/// <param name="Name">Where it goes in the request: <c>value</c> or <c>hub_config.secret_key</c>.</param>
/// <param name="IsLong">True for what is pasted as several lines.</param>
internal sealed record SecretInput(string Name, string Label, bool Required, bool IsLong, bool IsFirst, string? Hint);

/// <summary>Hubs and their fields, as the dialogs offer them.</summary>
internal static class HubChoices
{
    /// <summary>Those that people ask for most; the rest follows by name.</summary>
    private static readonly string[] _first = ["openai", "together", "custom", "vertex", "digitalocean"];

    public static IReadOnlyList<HubProfile> InOrder(HubCatalogue hubs) =>
    [
        .. _first.Select(name => hubs.TryGet(name, out var hub) ? hub : null).OfType<HubProfile>(),
        .. hubs.All.Where(hub => !_first.Contains(hub.Name)).OrderBy(hub => hub.DisplayName, StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>The way in that a key with these fields uses, or the ordinary one.</summary>
    public static HubAccess WayOf(HubProfile hub, IReadOnlyDictionary<string, string> config) =>
        hub.Ways.FirstOrDefault(way => way.When?.Holds(config) == true) ?? hub.Access;

    /// <summary>The secrets of one way in, the key's own value first.</summary>
    public static IReadOnlyList<SecretInput> Secrets(HubProfile hub, HubAccess way)
    {
        var secrets = new List<SecretInput>();
        if (way.SecretIsValue)
            secrets.Add(new SecretInput("value", way.ValueLabel, way.SecretRequired, false, true, null));
        foreach (var field in hub.FieldsOf(way).Where(field => field.Secret))
            secrets.Add(new SecretInput("hub_config." + field.Name, field.Label, HubProfile.IsNeeded(way, field), FieldForms.IsMultiline(field.Form), secrets.Count == 0, field.Hint));
        return secrets;
    }

    /// <summary>What the form shows at once: what is needed, and what is not while that is little.</summary>
    public static IEnumerable<HubField> MainFields(HubProfile hub, HubAccess way) =>
        PublicFields(hub, way).Where(field => HubProfile.IsNeeded(way, field) || !HasManyOptional(hub, way));

    /// <summary>The rest.</summary>
    public static IEnumerable<HubField> FurtherFields(HubProfile hub, HubAccess way) =>
        HasManyOptional(hub, way) ? PublicFields(hub, way).Where(field => !HubProfile.IsNeeded(way, field)) : [];

    private static bool HasManyOptional(HubProfile hub, HubAccess way) => PublicFields(hub, way).Count(field => !HubProfile.IsNeeded(way, field)) > 2;

    public static IEnumerable<HubField> PublicFields(HubProfile hub, HubAccess way) => hub.FieldsOf(way).Where(field => !field.Secret);

    /// <summary>Null for a source that is no page.</summary>
    public static string? Link(string source) => source.StartsWith("https://", StringComparison.Ordinal) ? source.Split(' ')[0] : null;
}
