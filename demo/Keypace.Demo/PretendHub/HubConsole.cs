using System.Text.Json.Nodes;

namespace Keypace.Demo;

/// <summary>What the pretend hub tells about itself when it runs as its own process: <c>/_log</c>, <c>/_report</c>, <c>/_reset</c>.</summary>
internal static class HubConsole
{
    public static bool Serves(string path) => path is "/_log" or "/_report" or "/_reset";

    public static async Task AnswerAsync(HttpContext context, PretendHub hub)
    {
        if (context.Request.Path == "/_reset")
        {
            hub.Log.Clear();
            hub.Behave(hub.Options);
            context.Response.StatusCode = 204;
            return;
        }

        var limit = context.Request.Query["limit"].ToString() is { Length: > 0 } asked ? HubLimit.Parse(asked)
            : hub.Options.Limit ?? new HubLimit(60, 10);
        JsonNode answer = context.Request.Path == "/_log"
            ? new JsonArray([.. hub.Log.Snapshot().Select(Line)])
            : Report(hub.Log.Report(limit));
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
    }

    private static JsonObject Line(Arrival arrival) => new()
    {
        ["number"] = arrival.Number,
        ["at_ns"] = arrival.AtNs,
        ["method"] = arrival.Method,
        ["target"] = arrival.Target,
        ["status"] = arrival.Status,
        ["caller"] = arrival.Caller,
        ["model"] = arrival.Model,
        ["connection"] = arrival.ConnectionId,
        ["credentials"] = new JsonArray([.. arrival.Credentials.Select(credential => JsonValue.Create(credential))]),
        ["headers"] = new JsonArray([.. arrival.Headers.Keys.Select(name => JsonValue.Create(name))]),
    };

    private static JsonObject Report(WindowReport report) => new()
    {
        ["limit"] = report.Limit.Requests,
        ["seconds"] = report.Limit.Seconds,
        ["count"] = report.Count,
        ["most_in_window"] = report.MostInWindow,
        ["tightest_span_ns"] = report.TightestSpanNs,
        ["refused"] = report.Refused,
        ["share"] = new JsonObject(report.Share.Select(share => KeyValuePair.Create(share.Key, (JsonNode?)share.Value))),
        ["first_ns"] = report.FirstNs,
        ["last_ns"] = report.LastNs,
        ["use_of_allowance"] = report.UseOfAllowance,
    };
}
