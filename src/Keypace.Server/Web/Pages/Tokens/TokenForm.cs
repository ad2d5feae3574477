using System.Globalization;
using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Tokens;

/// <summary>What is chosen for a new token.</summary>
internal sealed class TokenForm
{
    /// <summary>Names of the form's fields, by which the browser keeps what was chosen.</summary>
    public const string KeyField = "key.", AgentField = "agent.", Chosen = "chosen";

    public string Name { get; set; } = "";

    public string Role { get; set; } = "member";

    public bool Query { get; set; } = true;

    public bool Manage { get; set; }

    /// <summary>True where only the chosen keys and agents may be used.</summary>
    public bool IsBound { get; set; }

    public HashSet<string> KeyIds { get; } = [];

    public HashSet<string> AgentIds { get; } = [];

    /// <summary>Days from now.</summary>
    public int Days { get; set; } = 90;

    /// <param name="draft">Fields by their names in the form, as the browser kept them.</param>
    public static TokenForm OfDraft(IReadOnlyDictionary<string, string> draft)
    {
        var form = new TokenForm();
        form.Name = draft.GetValueOrDefault("name", form.Name);
        form.Role = draft.GetValueOrDefault("role", form.Role);
        form.Query = draft.GetValueOrDefault("query", "true") == "true";
        form.Manage = draft.GetValueOrDefault("manage") == "true";
        form.IsBound = draft.GetValueOrDefault("bound") == Chosen;
        if (int.TryParse(draft.GetValueOrDefault("days"), NumberStyles.None, CultureInfo.InvariantCulture, out var days))
            form.Days = days;
        form.KeyIds.UnionWith(ChosenOf(draft, KeyField));
        form.AgentIds.UnionWith(ChosenOf(draft, AgentField));
        return form;
    }

    /// <summary>The members of the request that are not fields of the form by themselves.</summary>
    public Dictionary<string, object> Request(DateTimeOffset now)
    {
        var request = new Dictionary<string, object>
        {
            ["role"] = Role,
            ["scopes"] = new[] { ("manage", Manage), ("query", Query) }.Where(scope => scope.Item2).Select(scope => scope.Item1).ToArray(),
            ["expires_at"] = now.AddDays(Days).ToUnixTimeSeconds(),
        };
        if (!IsBound)
            return request;
        // A token that is bound to nothing may use nothing: the empty lists are sent, and the route says what it thinks of them.
        if (KeyIds.Count > 0 || AgentIds.Count == 0)
            request["api_keys"] = KeyIds.ToArray();
        if (AgentIds.Count > 0)
            request["agents"] = AgentIds.ToArray();
        return request;
    }

    private static IEnumerable<string> ChosenOf(IReadOnlyDictionary<string, string> draft, string field) =>
        draft.Where(one => one.Value == "true" && one.Key.StartsWith(field, StringComparison.Ordinal)).Select(one => one.Key[field.Length..]);

    public static string May(AccessToken token)
    {
        var scopes = token.Scopes.Contains("manage") && token.Scopes.Contains("query") ? "manage and query" : token.Scopes.Count > 0 ? string.Join(", ", token.Scopes) : "nothing";
        return string.Create(CultureInfo.InvariantCulture, $"{token.Role}, {scopes}");
    }
}
