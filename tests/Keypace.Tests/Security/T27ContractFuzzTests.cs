using System.Text.Json;
using System.Text.Json.Nodes;

namespace Keypace.Tests.Security;

/// <summary>Requests drawn from the interface's own description, right and wrong: none is a 5xx, every refusal is in its route's shape, none goes without a token.</summary>
public sealed class T27ContractFuzzTests
{
    private static readonly string[] Nasty =
    [
        "", "x", "%00", "a%2Fb", "..", "%2e%2e", "' OR 1=1 --", "\";DROP TABLE keys;--", "\u202Ename", new('a', 5_000), "null", "-1", "999999999999999999999", "1e400", "NaN", "\ud83d\ude00", "<script>alert(1)</script>", "${jndi:ldap://x}", "{{7*7}}",
    ];

    [Fact]
    public async Task No_request_of_the_interface_breaks_it()
    {
        var threat = new Threat("T27", "contract fuzz");
        var random = new Random(threat.Seed);
        await using var server = await SecurityServer.StartAsync();
        var (_, description, _) = await server.SendAsync(HttpMethod.Get, "/openapi/v1.json");
        var document = JsonNode.Parse(description)!;
        var calls = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Where(method => method.Key is "get" or "post" or "put" or "delete").Select(method => (Path: path.Key, Method: method.Key, Call: method.Value!)))
            .ToList();
        Assert.NotEmpty(calls);
        for (var index = 0; index < Threat.Cases(1_500, 200_000); index++)
        {
            var (path, method, call) = calls[index % calls.Count];
            var target = Filled(path, random) + (random.Next(3) == 0 ? $"?{(random.Next(2) == 0 ? "limit" : "by")}={Uri.EscapeDataString(Nasty[random.Next(Nasty.Length)])}" : "");
            var schema = call["requestBody"]?["content"]?["application/json"]?["schema"];
            var body = method is "post" or "put" ? Body(schema, document, random, 0)?.ToJsonString() ?? "null" : null;
            if (body is not null && random.Next(20) == 0)
                body = body[..random.Next(body.Length)];
            var (status, text, headers) = await server.SendAsync(new HttpMethod(method.ToUpperInvariant()), target, body);
            var isTold = status < 400 || headers.TryGetValues("x-keypace-error", out var codes) && codes.Single().Length > 0 && text.Contains("request_id", StringComparison.Ordinal);
            threat.Check(status < 500 && isTold, () => $"{method} {target} {body}: {status} {text}");
        }

        foreach (var (path, method, _) in calls)
        {
            var (text, _) = await server.SendRawAsync($"{method.ToUpperInvariant()} {Filled(path, new Random(1), "x")} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
            threat.Check(text.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || path is "/healthz" or "/readyz" or "/metrics", () => $"without a token {method} {path}: {text.Split('\r')[0]}");
        }

        threat.Check(!server.Log.Contains("met a bug", StringComparison.Ordinal), () => "the log says: met a bug");
        threat.Done();
    }

    private static string Filled(string path, Random random, string? value = null) =>
        string.Join('/', path.Split('/').Select(part => part.StartsWith('{') ? value ?? Uri.EscapeDataString(Nasty[random.Next(Nasty.Length)] is { Length: > 0 } nasty ? nasty : "x") : part));

    private static JsonNode? Body(JsonNode? schema, JsonNode document, Random random, int depth)
    {
        if (schema?["$ref"]?.GetValue<string>() is { } reference)
            schema = document["components"]?["schemas"]?[reference.Split('/')[^1]];
        if (schema?["properties"] is not JsonObject properties || depth > 3)
            return Value(random);
        var body = new JsonObject();
        foreach (var (name, inner) in properties)
        {
            if (random.Next(4) > 0)
                body[name] = random.Next(3) == 0 ? Value(random) : Body(inner, document, random, depth + 1);
        }

        if (random.Next(5) == 0)
            body["unknown_member"] = Value(random);
        return body;
    }

    private static JsonNode? Value(Random random) => random.Next(9) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next(-5, 5)),
        2 => JsonValue.Create(long.MaxValue),
        3 => JsonValue.Create(random.NextDouble() * 1e10),
        4 => JsonValue.Create(random.Next(2) == 0),
        5 => new JsonArray(JsonValue.Create(1), JsonValue.Create("x"), null),
        6 => new JsonObject { ["a"] = 1 },
        _ => JsonValue.Create(Nasty[random.Next(Nasty.Length)]),
    };
}
