using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Paths;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Models;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>: the team's agents, and what its keys offer, as far as the token may use them.</summary>
internal sealed class ModelsPath(Callers callers, KeySnapshots snapshots, ModelLists lists, TimeProvider time)
{
    public const string Path = "/v1/models";

    public async Task RunAsync(HttpContext context, string path)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await Problems.WriteAsync(context, new Refusal(RefusalReason.WrongMethod, "method_not_allowed", "This route takes GET."));
            return;
        }

        if (!callers.Authenticate(context.Request).TryGet(out var token, out var refusal))
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        if (!token.Grant.MayQuery(time.GetUtcNow()) && !token.Grant.MayRead(time.GetUtcNow()))
        {
            await Problems.WriteAsync(context, HttpQuery.NoQueryScope);
            return;
        }

        var snapshot = snapshots.Current;
        var keys = KeysOf(snapshot, token);
        await lists.WhenFirstAsync(keys, token, context.RequestAborted);
        var models = Visible(snapshot, keys, token);
        context.Response.ContentType = "application/json";
        if (path.Length <= Path.Length + 1)
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, new ModelList("list", [.. models]), KeypaceJson.Default.ModelList, context.RequestAborted);
            return;
        }

        var id = Uri.UnescapeDataString(path[(Path.Length + 1)..]);
        if (models.FirstOrDefault(model => model.Id == id) is { } found)
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, found, KeypaceJson.Default.Model, context.RequestAborted);
            return;
        }

        context.Response.ContentType = null;
        await Problems.WriteAsync(context, new Refusal(RefusalReason.NotFound, "model_not_found",
            $"There is no model {Domain.Keys.TypedName.Said(id)} here. GET /v1/models lists them."));
    }

    private static List<ServedKey> KeysOf(KeySnapshot snapshot, ServedToken token) => [.. snapshot.Keys.Values
        .Where(key => key.TeamId == token.TeamId && !key.IsDisabled && key.Trouble is null && token.Grant.Sees(key.Id))
        .OrderBy(key => key.Name.Text, StringComparer.Ordinal)];

    private IEnumerable<Model> Visible(KeySnapshot snapshot, List<ServedKey> keys, ServedToken token)
    {
        const long created = 0;   // hubs seldom say when
        foreach (var agent in snapshot.Agents.Values.OrderBy(agent => agent.Name.Text, StringComparer.Ordinal))
        {
            if (agent.TeamId == token.TeamId && !agent.IsArchived && token.Grant.SeesAgent(agent.Id, agent.ApiKeyId ?? Guid.Empty))
                yield return new Model("agent/" + agent.Name, "model", created, "keypace");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            foreach (var model in lists.Of(key, token))
            {
                if (names.Add(key.Hub.Name + "/" + model))
                    yield return new Model(key.Hub.Name + "/" + model, "model", created, key.Hub.Name);
            }
        }
    }
}
