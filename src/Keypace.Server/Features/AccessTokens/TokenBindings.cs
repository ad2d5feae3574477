using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Requests;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Features.AccessTokens;

/// <summary>What a token may be made for: role, scopes, weight, and the keys and agents that it is bound to.</summary>
internal sealed class TokenBindings(KeySnapshots snapshots)
{
    public static Role RoleOf(string? word, FieldProblems problems)
    {
        if (word is null)
            return Role.Member;
        if (AccessWords.TryParseRole(word, out var role) && role != Role.Owner)
            return role;
        problems.Add(["body", "role"], "A token's role is 'admin', 'member' or 'viewer'.", "enum");
        return Role.Viewer;
    }

    public static Scopes ScopesOf(IReadOnlyList<string>? words, FieldProblems problems)
    {
        if (words is null)
            return Scopes.All;
        if (AccessWords.TryParseScopes(words, out var scopes))
            return scopes;
        problems.Add(["body", "scopes"], "A token's scopes are 'manage', 'query' or both.", "enum");
        return Scopes.None;
    }

    public static void CheckWeight(int? weight, FieldProblems problems) =>
        problems.CheckRange("weight", weight, TokenGrant.LeastWeight, TokenGrant.MostWeight);

    public static void CheckPriority(string? word, FieldProblems problems)
    {
        if (word is not null && !PacingWords.TryParseClass(word, out _))
            problems.Add(["body", "priority"], "The best class of a token's queries is 'interactive', 'batch' or 'background'.", "enum");
    }

    /// <summary>Ids and names into ids, as a row has them; null where the token is bound to none.</summary>
    public Outcome<Bound> Bind(Guid teamId, IReadOnlyList<string>? apiKeys, IReadOnlyList<string>? agents)
    {
        var snapshot = snapshots.Current;
        if (!Ids("api_keys", apiKeys, "API key", name => snapshot.FindKey(teamId, name)?.Id).TryGet(out var keyIds, out var refusal)
            || !Ids("agents", agents, "agent", name => snapshot.FindAgent(teamId, name)?.Id).TryGet(out var agentIds, out refusal))
        {
            return refusal;
        }

        return new Bound(apiKeys is null ? null : keyIds, agents is null ? null : agentIds);
    }

    public readonly record struct Bound(string? ApiKeyIds, string? AgentIds);

    private static Outcome<string> Ids(string field, IReadOnlyList<string>? idsOrNames, string what, Func<string, Guid?> find)
    {
        if (idsOrNames is null)
            return "";
        if (idsOrNames.Count == 0)
            return Refusal.Field(field, $"A token that is bound to no {what} at all could do nothing. Name at least one, or leave the field out.");
        var ids = new List<Guid>();
        foreach (var idOrName in idsOrNames)
        {
            if (find(idOrName) is not { } id)
                return Refusal.NotFound(what, idOrName);
            if (!ids.Contains(id))
                ids.Add(id);
        }

        return string.Join(' ', ids);
    }
}
