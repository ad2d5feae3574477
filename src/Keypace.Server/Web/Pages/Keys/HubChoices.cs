using Keypace.Domain.Hubs;

namespace Keypace.Server.Web.Pages.Keys;

/// <param name="Name">Where it goes in the request: <c>value</c> or <c>hub_config.secret_key</c>.</param>
/// <param name="IsLong">True for what is pasted as several lines.</param>
internal sealed record SecretInput(string Name, string Label, bool Required, bool IsLong, bool IsFirst);

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

    /// <summary>The secrets that a key of the hub may have, the key's own value first.</summary>
    public static IReadOnlyList<SecretInput> Secrets(HubProfile hub)
    {
        var ways = hub.Variants.Prepend(hub.Access).ToList();
        var secrets = new List<SecretInput>();
        if (ways.Any(way => way.SecretFields.Contains(HubAccess.Value)))
            secrets.Add(new SecretInput("value", "API key", hub.Access.SecretRequired && hub.Access.SecretIsValue && hub.Variants.Count == 0, false, true));
        foreach (var field in hub.Fields.Where(field => field.Secret))
            secrets.Add(new SecretInput("hub_config." + field.Name, field.Label, field.Required, IsLong(field), secrets.Count == 0));
        return secrets;
    }

    /// <summary>Null for a source that is no page.</summary>
    public static string? Link(string source) => source.StartsWith("https://", StringComparison.Ordinal) ? source.Split(' ')[0] : null;

    private static bool IsLong(HubField field) => field.Name.Contains("json", StringComparison.OrdinalIgnoreCase) || field.Label.Contains("JSON", StringComparison.Ordinal)
        || field.Name.Contains("service_account", StringComparison.Ordinal);
}
