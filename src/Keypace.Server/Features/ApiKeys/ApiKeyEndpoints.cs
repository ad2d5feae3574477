using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.ApiKeys;

internal static class ApiKeyEndpoints
{
    private static readonly string[] _sorts = ["name", "hub", "created_at", "last_used_at"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/api-keys").WithTags("API keys");
        keys.Get("", ApiKeyOperations.ToRead, ListAsync).WithName("ListApiKeys").Reads("hubs", "limit", "offset", "q", "sort");
        keys.Post("", ApiKeyOperations.ToCreate, CreateAsync).WithName("CreateApiKey").Takes<NewApiKey>();
        keys.Post("test", ApiKeyTesting.ToTestUnsaved, TestUnsavedAsync).WithName("TestUnsavedApiKey").Takes<ApiKeyTest>();
        keys.Get("{id}", ApiKeyOperations.ToRead, call => call.Of<ApiKeyOperations>().GetAsync(call.Id, call.Caller, call.Ct)).WithName("GetApiKey");
        keys.Put("{id}", ApiKeyOperations.ToChange, ChangeAsync).WithName("ChangeApiKey").Takes<ApiKeyChange>();
        keys.Delete("{id}", ApiKeyOperations.ToChange, call => call.Of<ApiKeyOperations>().DeleteAsync(call.Id, call.Caller, call.Ct)).WithName("DeleteApiKey");
        keys.Post("{id}/restore", ApiKeyOperations.ToChange, call => call.Of<ApiKeyOperations>().RestoreAsync(call.Id, call.Caller, call.Ct)).WithName("RestoreApiKey");
        keys.Post("{id}/test", ApiKeyTesting.ToTestStored, call => call.Of<ApiKeyTesting>().TestStoredAsync(call.Id, call.Caller, call.Ct)).WithName("TestApiKey");
        keys.Get("{id}/models", ApiKeyTesting.ToRead, call => call.Of<ApiKeyTesting>().ModelsAsync(call.Id, call.Caller, call.Ct)).WithName("ListApiKeyModels");
        keys.Get("{id}/status", ApiKeyStatuses.ToRead, call => call.Of<ApiKeyStatuses>().StatusAsync(call.Id, call.Caller, call.Ct)).WithName("GetApiKeyStatus");
        keys.Post("{id}/unpause", ApiKeyStatuses.ToChange, call => call.Of<ApiKeyStatuses>().UnpauseAsync(call.Id, call.Caller, call.Ct)).WithName("UnpauseApiKey");
        keys.Delete("{id}/lessons", ApiKeyStatuses.ToChange, call => call.Of<ApiKeyStatuses>().ForgetAsync(call.Id, call.Query("kind"), call.Caller, call.Ct)).WithName("ForgetLessons").Reads("kind");
        keys.Post("{id}/take-reported-limit", ApiKeyStatuses.ToChange, call => call.Of<ApiKeyStatuses>().TakeReportedAsync(call.Id, call.Caller, call.Ct)).WithName("TakeReportedLimit");
        keys.Get("{id}/queries", ApiKeyStatuses.ToRead, QueriesAsync).WithName("ListApiKeyQueries").Reads("limit");
    }

    private static async Task<Outcome<IReadOnlyList<ApiKey>>> ListAsync(ManagementCall call)
    {
        if (!ListWindow.Of(call.Query, _sorts).TryGet(out var window, out var refusal))
            return refusal;
        return await call.Of<ApiKeyOperations>().ListAsync(call.QueryWords("hubs"), window, call.Caller, call.Ct);
    }

    private static async Task<Outcome<ApiKey>> CreateAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal)
            || !ApiKeyParsing.New(body, call.Of<HubCatalogue>()).TryGet(out var key, out refusal))
        {
            return refusal;
        }

        return await call.Of<ApiKeyOperations>().CreateAsync(key, call.Caller, call.Ct);
    }

    private static async Task<Outcome<ApiKey>> ChangeAsync(ManagementCall call)
    {
        if (!call.IfMatch().TryGet(out var expected, out var refusal)
            || !(await call.BodyAsync()).TryGet(out var body, out refusal)
            || !ApiKeyParsing.Change(body, call.Of<HubCatalogue>()).TryGet(out var change, out refusal))
        {
            return refusal;
        }

        return await call.Of<ApiKeyOperations>().ChangeAsync(call.Id, change with { Version = expected.Number ?? change.Version }, call.Caller, call.Ct);
    }

    private static async Task<Outcome<ApiKeyTestResult>> TestUnsavedAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal)
            || !ApiKeyParsing.Test(body, call.Of<HubCatalogue>()).TryGet(out var test, out refusal))
        {
            return refusal;
        }

        return await call.Of<ApiKeyTesting>().TestUnsavedAsync(test, call.Caller, call.Ct);
    }

    private static async Task<Outcome<QueryList>> QueriesAsync(ManagementCall call)
    {
        var problems = new FieldProblems();
        var limit = ListWindow.Number(call.Query, "limit", 1, ApiKeyStatuses.MostQueries, problems) ?? ApiKeyStatuses.UsualQueries;
        return problems.Refusal is { } refusal ? refusal : await call.Of<ApiKeyStatuses>().QueriesAsync(call.Id, limit, call.Caller, call.Ct);
    }
}
