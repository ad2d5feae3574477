using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Agents;

internal static class AgentEndpoints
{
    private static readonly string[] _sorts = ["agent_name", "model_name", "hub", "created_at", "updated_at"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var agents = routes.MapGroup("/v1/agent-configurations").WithTags("Agents");
        agents.Get("", AgentOperations.ToRead, ListAsync).WithName("ListAgents").Reads("statuses", "limit", "offset", "q", "sort");
        agents.Post("", AgentOperations.ToCreate, CreateAsync).WithName("CreateAgent").Takes<NewAgent>();
        agents.Get("{id}", AgentOperations.ToRead, call => call.Of<AgentOperations>().GetAsync(call.Id, call.Caller, call.Ct)).WithName("GetAgent");
        agents.Put("{id}", AgentOperations.ToChange, ChangeAsync).WithName("ChangeAgent").Takes<AgentChange>();
        agents.Put("{id}/update", AgentOperations.ToChange, ChangeAsync).WithName("UpdateAgent").Takes<AgentChange>();
        routes.Post("/v1/api-keys/{id}/move-agents", AgentOperations.ToChange, MoveAsync).WithTags("Agents").WithName("MoveAgents").Takes<AgentMove>();
        agents.Put("{id}/archive", AgentOperations.ToChange, ArchiveAsync).WithName("ArchiveAgent");
    }

    private static async Task<Outcome<AgentList>> ListAsync(ManagementCall call)
    {
        if (!ListWindow.Of(call.Query, _sorts).TryGet(out var window, out var refusal))
            return refusal;
        return await call.Of<AgentOperations>().ListAsync(call.QueryWords("statuses"), window, call.Caller, call.Ct);
    }

    private static async Task<Outcome<Agent>> CreateAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal)
            || !AgentParsing.New(body, call.Of<HubCatalogue>()).TryGet(out var agent, out refusal))
        {
            return refusal;
        }

        return await call.Of<AgentOperations>().CreateAsync(agent, call.Caller, call.Ct);
    }

    private static async Task<Outcome<Agent>> ChangeAsync(ManagementCall call)
    {
        if (!call.IfMatch().TryGet(out var expected, out var refusal)
            || !(await call.BodyAsync()).TryGet(out var body, out refusal)
            || !AgentParsing.Change(body).TryGet(out var change, out refusal))
        {
            return refusal;
        }

        return await call.Of<AgentOperations>().ChangeAsync(call.Id, change with { Version = expected.Number ?? change.Version }, call.Caller, call.Ct);
    }

    private static async Task<Outcome<AgentsMoved>> MoveAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal))
            return refusal;
        var to = body.RequiredText("to");
        return body.Refusal is { } wrong ? wrong : await call.Of<AgentMoves>().MoveAsync(call.Id, to, call.Caller, call.Ct);
    }

    private static async Task<Outcome<Agent>> ArchiveAsync(ManagementCall call)
    {
        if (!call.IfMatch().TryGet(out var expected, out var refusal))
            return refusal;
        return await call.Of<AgentOperations>().ChangeAsync(call.Id, new AgentChange(Status: AgentStatuses.Archived, Version: expected.Number), call.Caller, call.Ct);
    }
}
