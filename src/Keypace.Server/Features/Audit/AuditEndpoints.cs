using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Audit;

internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Get("/v1/audit", AuditOperations.ToRead, ListAsync).WithTags("Audit").WithName("ListAudit").Reads("limit", "after", "q", "subject_id", "subject");

    private static async Task<Outcome<AuditList>> ListAsync(ManagementCall call)
    {
        var problems = new FieldProblems();
        var limit = ListWindow.Number(call.Query, "limit", 1, AuditOperations.MostRecords, problems) ?? AuditOperations.UsualRecords;
        long? after = null;
        if (call.Query("after") is { Length: > 0 } text)
        {
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                after = id;
            else
                problems.Add(["query", "after"], "This is the 'after' of the answer before.", "int_parsing");
        }

        return problems.Refusal is { } refusal
            ? refusal
            : await call.Of<AuditOperations>().ListAsync(limit, after, call.Query("q"), call.Caller, call.Ct, call.Query("subject_id"), call.Query("subject"));
    }
}
