using System.Globalization;
using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Tokens;

/// <summary>What is chosen for a new token.</summary>
internal sealed class TokenForm
{
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

    public static string May(AccessToken token)
    {
        var scopes = token.Scopes.Contains("manage") && token.Scopes.Contains("query") ? "manage and query" : token.Scopes.Count > 0 ? string.Join(", ", token.Scopes) : "nothing";
        return string.Create(CultureInfo.InvariantCulture, $"{token.Role}, {scopes}");
    }
}
