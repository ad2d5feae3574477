using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Security;

/// <summary>
/// Requests drawn from the interface's own description, right and wrong in every member: none is a 500, every refusal has the one shape, what is refused leaves
/// nothing, what is gone stays gone, and without a token nothing is looked at.
/// </summary>
public sealed class T27DrawnRequestsTests(FeatureHost host) : IClassFixture<FeatureHost>
{
    private static readonly string[] Odd =
    [
        "", " ", "\0", "a\0b", "\u202e", "\ud83e\udd8a", "' OR '1'='1", "1; DROP TABLE api_keys--", "\" OR \"\"=\"", "${7*7}", "{{7*7}}", "../../etc/passwd", "%00", "%2e%2e%2f", "<script>alert(1)</script>", "\r\nX-Evil: 1",
        "null", "true", "-1", "1e309", "NaN", "9223372036854775808", "0197c5e1-0000-7000-8000-000000000000", "****abcd", "http://169.254.169.254/", "https://example.com/v1", "openai", "custom", "admin", "query", "active",
    ];

    private readonly Dictionary<string, List<string>> _made = [];
    private JsonNode _schemas = null!;
    private Random _random = null!;

    [Fact]
    public async Task None_breaks_the_server_and_none_that_is_refused_leaves_anything()
    {
        var threat = new Threat("T27", "requests drawn from the description");
        _random = new Random(threat.Seed);
        var description = JsonNode.Parse((await host.GetAsync("/openapi/v1.json", "")).Text)!;
        _schemas = description["components"]!["schemas"]!;
        var operations = (
            from path in description["paths"]!.AsObject()
            from method in path.Value!.AsObject()
            // What signs in, and what a test of a secret asks of a stranger's address, is tried elsewhere.
            where path.Key is not ("/v1/sign-in-links" or "/v1/api-keys/test")
            select (Path: path.Key, Method: method.Key.ToUpperInvariant(), Body: method.Value!["requestBody"]?["content"]?["application/json"]?["schema"])).ToList();
        await SeedAsync();
        for (var index = 0; index < Threat.Cases(1_500, 200_000); index++)
        {
            var (template, method, schema) = operations[_random.Next(operations.Count)];
            var path = template.Replace("{id}", Uri.EscapeDataString(IdFor(template)), StringComparison.Ordinal) + QueryFor();
            var body = schema is null ? _random.Next(10) == 0 ? "[]" : null : Drawn(schema, 0)?.ToJsonString() ?? "null";
            if (body is not null && _random.Next(20) == 0)
                body = body[.._random.Next(body.Length)];
            var isStranger = _random.Next(10) == 0;
            var before = method == "POST" && !isStranger ? await CountsAsync(template) : -1;
            var answer = await host.SendAsync(new HttpMethod(method), path, body, isStranger ? "" : null);
            var status = (int)answer.Status;
            string Told() => $"{method} {path} {body}: {status} {answer.Text}";
            threat.Check(status is 200 or 400 or 401 or 404 or 405 or 409 or 410 or 412 or 415 or 422 or 429 or 501 or 502 or 504, Told);
            threat.Check(!isStranger || status == 401 || IsServersOwn(answer, path), () => "without a token: " + Told());
            threat.Check(status == 200 || IsRefusal(answer) || IsServersOwn(answer, path), () => "no refusal of ours: " + Told());
            threat.Check(!answer.Text.Contains("   at ", StringComparison.Ordinal) && !answer.Text.Contains("Exception", StringComparison.Ordinal) && !answer.Text.Contains("SQLite", StringComparison.OrdinalIgnoreCase), () => "tells of its insides: " + Told());
            if (before >= 0 && status != 200)
                threat.Check(await CountsAsync(template) == before, () => "was refused and left something: " + Told());
            await FollowAsync(threat, template, method, path, answer);
        }

        threat.Check(!host.Errors.Contains("met a bug", StringComparison.Ordinal), () => "the log says: met a bug\n" + host.Errors[Math.Max(0, host.Errors.Length - 3_000)..]);
        threat.Done();
    }

    /// <summary>What was made is found by the next requests; what was deleted is gone.</summary>
    private async Task FollowAsync(Threat threat, string template, string method, string path, Answer answer)
    {
        if ((int)answer.Status != 200)
            return;
        if (method == "POST" && !template.Contains("{id}", StringComparison.Ordinal) && answer.Json is { ValueKind: JsonValueKind.Object } made && made.TryGetProperty("id", out var id))
        {
            var ids = _made.TryGetValue(template, out var known) ? known : _made[template] = [];
            ids.Add(id.GetString()!);
            if (ids.Count > 30)
                await host.DeleteAsync($"{template}/{ids[0]}");
            if (ids.Count > 30)
                ids.RemoveAt(0);
        }

        if (method == "DELETE" && template is "/v1/api-keys/{id}")
        {
            var gone = await host.GetAsync(path);
            threat.Check((int)gone.Status == 404, () => $"{path} after it was deleted: {(int)gone.Status}");
        }
    }

    private async Task SeedAsync()
    {
        foreach (var (path, body) in new (string, object)[]
        {
            ("/v1/api-keys", new { name = "drawn", hub = "custom", value = "sk-test-not-a-real-key-drawn", url = host.Hub.Url }),
            ("/v1/agent-configurations", new { agent_name = "drawn", model_name = "m", hub = "openai" }),
            ("/v1/access-tokens", new { name = "drawn" }),
        })
        {
            _made[path] = [(await host.PostAsync(path, body)).MustBe(200)["id"].GetString()!];
        }
    }

    private async Task<int> CountsAsync(string template) => template switch
    {
        "/v1/api-keys" or "/v1/access-tokens" => (await host.GetAsync(template)).Json is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() : (await host.GetAsync(template)).Text.Length,
        "/v1/agent-configurations" => (await host.GetAsync(template)).Text.Split("\"agent_name\"").Length,
        _ => -1,
    };

    /// <summary>Kestrel refuses a path with a zero byte by itself, without a word.</summary>
    private static bool IsServersOwn(Answer answer, string path) => (int)answer.Status == 400 && answer.Text.Length == 0 && path.Contains("%00", StringComparison.Ordinal);

    private static bool IsRefusal(Answer answer) =>
        answer.Text.StartsWith('{') && answer.Json is { ValueKind: JsonValueKind.Object } body
        && body.TryGetProperty("code", out var code) && answer.Headers.TryGetValue("x-keypace-error", out var header) && header == code.GetString()
        && body.TryGetProperty("request_id", out _) && body.TryGetProperty("detail", out _);

    private string IdFor(string template)
    {
        var collection = template.Split("/{id}")[0];
        return _random.Next(10) switch
        {
            < 6 when _made.TryGetValue(collection, out var ids) && ids.Count > 0 => ids[_random.Next(ids.Count)],
            < 8 when _made.Values.SelectMany(all => all).ToList() is { Count: > 0 } all => all[_random.Next(all.Count)],   // the wrong kind of thing
            _ => Text() is { Length: > 0 } text ? text : "x",
        };
    }

    private string QueryFor() => _random.Next(4) != 0 ? "" : "?" + string.Join('&', Enumerable.Range(0, _random.Next(1, 4)).Select(_ =>
        $"{((string[])["limit", "offset", "after", "kind", "subject", "subject_id", "since", "until", "by", "q", "sort"])[_random.Next(11)]}={Uri.EscapeDataString(Text())}"));

    /// <summary>Mostly what the description asks for; now and then another type, too much of it, or none.</summary>
    private JsonNode? Drawn(JsonNode schema, int depth)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
            return Drawn(_schemas[reference[(reference.LastIndexOf('/') + 1)..]]!, depth);
        if (_random.Next(12) == 0 || depth > 5)
            return Wrong();
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
            return Drawn(choices[_random.Next(choices.Count)]!, depth + 1);
        var type = schema["type"] is JsonArray types ? types.Select(one => one!.GetValue<string>()).Where(one => one != "null" || _random.Next(6) == 0).FirstOrDefault() : schema["type"]?.GetValue<string>();
        return type switch
        {
            "object" => DrawnObject(schema, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(_ => Drawn(schema["items"] ?? new JsonObject(), depth + 1))]),
            "integer" => JsonValue.Create((long[])[0, 1, -1, 5, 60, 100, 86_400, 1_000_000, int.MaxValue, long.MaxValue] is var whole ? whole[_random.Next(whole.Length)] : 0),
            "number" => JsonValue.Create(_random.NextDouble() * 1e6 - 10),
            "boolean" => JsonValue.Create(_random.Next(2) == 0),
            "string" => JsonValue.Create(Text()),
            _ => Wrong(),
        };
    }

    private JsonObject DrawnObject(JsonNode schema, int depth)
    {
        var drawn = new JsonObject();
        foreach (var (name, member) in schema["properties"]?.AsObject() ?? [])
        {
            if (_random.Next(3) != 0)
                drawn[name] = Drawn(member!, depth + 1);
        }

        if (_random.Next(10) == 0)
            drawn["x" + Text()] = Wrong();
        return drawn;
    }

    private JsonNode? Wrong() => _random.Next(8) switch
    {
        0 => null,
        1 => JsonValue.Create(Text()),
        2 => JsonValue.Create(_random.Next()),
        3 => new JsonArray(JsonValue.Create(1), null),
        4 => new JsonObject { ["a"] = new JsonObject() },
        5 => JsonValue.Create(new string('x', 20_000)),
        6 => JsonValue.Create(true),
        _ => JsonValue.Create(-1.5),
    };

    private string Text() => _random.Next(3) switch
    {
        0 => Odd[_random.Next(Odd.Length)],
        1 => string.Create(CultureInfo.InvariantCulture, $"name {_random.Next(100)}"),
        _ => new string([.. Enumerable.Range(0, _random.Next(40)).Select(_ => (char)_random.Next(0x20, _random.Next(4) == 0 ? 0xD7FF : 0x7F))]),
    };
}
