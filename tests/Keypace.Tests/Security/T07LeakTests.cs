using System.Text;
using System.Text.Json;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Security;

/// <summary>Secrets of every kind, put where they belong and where they do not, while everything is logged: none comes out anywhere, in any form.</summary>
public sealed class T07LeakTests
{
    private const string Key = "sk-test-not/a+real=key-leak-0001~Zq";
    private const string NewKey = "sk-test-not/a+real=key-leak-0002~Zq";
    private const string AccessKey = "AKIATESTNOTAREALKEY1";
    private const string SecretAccessKey = "test/not+a/real+aws+secret+access+key=01";
    private const string UrlPassword = "test-not-a-real-url-password-0004";
    private const string WrongPlace = "sk-proj-test-not-a-real-key-in-a-wrong-place-0005";
    private const string WrongPassword = "a wrong but long password 0006";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_secret_comes_out_anywhere_in_any_form()
    {
        var threat = new Threat("T7", "leaks in logs, answers and files");
        var random = new Random(threat.Seed);
        var written = 0L;
        do
            written += await LiveAsync(threat, random);
        while (Depth.IsCampaign && written < 100L * 1024 * 1024);
        threat.Check(written > 100_000, () => $"only {written} bytes were looked at");
        threat.Done();
    }

    /// <summary>A server from its first start to its stop.</summary>
    /// <returns>Bytes that it said or wrote, and that were looked through.</returns>
    private static async Task<long> LiveAsync(Threat threat, Random random)
    {
        using var folder = new TestFolder();
        folder.Variables["KEYPACE_EGRESS__ALLOW"] = "127.0.0.0/8";
        folder.Variables["KEYPACE_LOG__LEVEL"] = "Trace";
        await folder.InitAsync(folder.OwnerOptions);
        var owner = (await File.ReadAllTextAsync(folder.In("token"), Ct)).Trim();
        var secrets = new Dictionary<string, string>
        {
            ["a key"] = Key, ["a new key"] = NewKey, ["an access key"] = AccessKey, ["a secret access key"] = SecretAccessKey, ["a URL's password"] = UrlPassword,
            ["a secret in a wrong place"] = WrongPlace, ["a wrong password"] = WrongPassword, ["the password"] = TestFolder.Password, ["the owner's token"] = owner[5..], ["the master key"] = (await File.ReadAllTextAsync(folder.Kek, Ct)).Trim(),
        };
        var answers = new StringBuilder();
        var written = 0L;
        await using var hub = new RawHub((head, write) => write(random.Next(6) switch
        {
            0 => $"HTTP/1.1 401 No\r\nContent-Length: {Key.Length + 10}\r\nConnection: close\r\n\r\nBad key: {Key}!",
            1 => "garbage " + head,
            2 => $"HTTP/1.1 200 OK\r\nX-Echo: {head.Replace("\r\n", " ", StringComparison.Ordinal)}\r\nContent-Length: 100\r\n\r\n{{",
            3 => RawHub.Ok(JsonSerializer.Serialize(new { choices = new[] { new { message = new { content = head } } } })),
            4 => "",
            _ => RawHub.Chat,
        }));
        await using (var server = await RunningServer.StartAsync(folder))
        {
            var cookie = await TellAsync(server, answers, Post("/sign-in", new { email = "ada@example.org", password = TestFolder.Password }, null, ("X-Keypace", "1")));
            secrets["a session's cookie"] = cookie![(cookie!.LastIndexOf('_') + 1)..];
            var id = await MakeAsync(server, owner, "/v1/api-keys", new { name = "leaky", hub = "custom", value = Key, url = hub.Address + "/v1" }, answers);
            Assert.NotNull(id);
            for (var round = 0; round < Threat.Cases(20, 60); round++)
            {
                foreach (var request in Requests(id!, owner, cookie, hub.Address, random))
                    await TellAsync(server, answers, request);

                folder.Time.Advance(TimeSpan.FromMinutes(16));   // past pauses, and locks of sign-ins
                cookie = await TellAsync(server, answers, Post("/sign-in", new { email = "ada@example.org", password = TestFolder.Password }, null, ("X-Keypace", "1"))) ?? cookie;
                written += Search(threat, "answers", Encoding.UTF8.GetBytes(answers.ToString()), secrets);
                answers.Clear();
            }

        }

        foreach (var file in Directory.EnumerateFiles(folder.Data.Path, "*", SearchOption.AllDirectories))
            written += Search(threat, file, await File.ReadAllBytesAsync(file, Ct), secrets);
        return written + Search(threat, "the log", Encoding.UTF8.GetBytes(folder.Output.ToString() + folder.Errors), secrets);
    }

    [Fact]
    public void The_search_finds_what_it_looks_for()
    {
        foreach (var (form, text) in Forms(Key))
            Assert.True(Found(Encoding.UTF8.GetBytes($"before {text} after"), Key).Contains(form), form);
    }

    private static IEnumerable<HttpRequestMessage> Requests(string id, string owner, string? cookie, string hub, Random random)
    {
        object[] bodies =
        [
            new { model = "m", messages = new[] { new { role = "user", content = "hi" } } }, new { prompt = "x", completion_params = new { api_key = WrongPlace, model = "m" } },
            new { name = "a", hub = WrongPlace, value = Key }, new { name = "leaky", hub = "custom", value = Key, url = hub }, new { name = "b", hub = "custom", value = Key + "\n", url = hub }, new { name = "b", hub = "custom", value = new[] { Key }, url = hub },
            new { name = "c", hub = "custom", value = Key, url = $"https://user:{UrlPassword}@example.com/v1" }, new { name = "d", hub = "bedrock", hub_config = new { region = 7, access_key = AccessKey, secret_access_key = SecretAccessKey } },
            new { name = "d", hub = "bedrock", hub_config = new { region = "eu-central-1", access_key = AccessKey, secret_access_key = SecretAccessKey, more = "x" } }, new { agent_name = "a", model_name = "m", hub = "openai", api_key = WrongPlace }, new { value = NewKey, rate_limit_interval = 0 },
            new { value = Key, name = "leaky" }, new { email = "ada@example.org", password = WrongPassword }, new { token = owner }, WrongPlace, new { hub = "custom", value = Key, url = hub + "/v1" },
        ];
        string[] paths =
        [
            "/v1/chat/completions", "/v1/chat_complete", "/v1/embeddings", "/v1/responses", "/keys/leaky/v1/x", "/keys/leaky/v1/chat/completions", $"/keys/{WrongPlace}/v1/x", "/v1/api-keys", "/v1/api-keys/test", $"/v1/api-keys/{id}", $"/v1/api-keys/{id}/test",
            $"/v1/api-keys/{WrongPlace}", "/v1/agent-configurations", "/v1/access-tokens", "/sign-in", "/sign-in/link", "/setup", "/v1/nowhere",
        ];
        foreach (var path in paths)
        {
            var body = bodies[random.Next(bodies.Length)];
            var request = Post(path, body, random.Next(5) == 0 ? WrongPlace : owner, ("x-keypace-key", random.Next(6) == 0 ? WrongPlace : "leaky"), ("X-Keypace", "1"), ("x-keypace-max-wait", "0"));
            if (path == $"/v1/api-keys/{id}")
                request.Method = HttpMethod.Put;
            yield return request;
        }

        foreach (var path in new[] { "/v1/api-keys", $"/v1/api-keys/{id}", $"/v1/api-keys/{id}/status", $"/v1/api-keys/{id}/queries", $"/v1/api-keys/{id}/models", $"/v1/api-keys/{WrongPlace}", "/v1/audit", "/v1/usage", "/v1/settings", "/v1/rate-groups", "/v1/access-tokens", "/v1/agent-configurations", "/openapi/v1.json", "/metrics", "/readyz", $"/v1/nowhere?key={WrongPlace}" })
            yield return new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Authorization", "Bearer " + owner } } };
        foreach (var path in new[] { "/", "/keys", $"/key/{id}", "/audit", "/usage", "/settings", "/tokens", "/agents", "/not-found" })
            yield return new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Cookie", cookie ?? "" } } };
    }

    private static HttpRequestMessage Post(string path, object body, string? token, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static async Task<string?> MakeAsync(RunningServer server, string token, string path, object body, StringBuilder answers)
    {
        using var request = Post(path, body, token);
        using var answer = await server.Http.SendAsync(request, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        answers.Append(text);
        return answer.IsSuccessStatusCode ? JsonDocument.Parse(text).RootElement.GetProperty("id").GetString() : null;
    }

    /// <summary>Keeps what came back, but for cookies and new tokens, which are given this once; gives the session's cookie.</summary>
    private static async Task<string?> TellAsync(RunningServer server, StringBuilder answers, HttpRequestMessage request)
    {
        using (request)
        {
            try
            {
                using var answer = await server.Http.SendAsync(request, Ct);
                var cookie = answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.First().Split(';')[0] : null;
                answer.Headers.Remove("Set-Cookie");
                answers.Append(answer.Headers).Append(answer.Content.Headers).Append(await answer.Content.ReadAsStringAsync(Ct));
                return cookie;
            }
            catch (HttpRequestException)
            {
                return null;   // a hub broke off: the head had left, the connection is cut
            }
        }
    }

    private static int Search(Threat threat, string where, byte[] bytes, Dictionary<string, string> secrets)
    {
        foreach (var (what, secret) in secrets)
        {
            var found = Found(bytes, secret);
            threat.Check(found.Count == 0, () => $"{what} is in {where} as {string.Join(", ", found)}: {Beside(bytes, secret)}");
        }

        return bytes.Length;
    }

    /// <summary>What stands before it, to tell where it came from.</summary>
    private static string Beside(ReadOnlySpan<byte> bytes, string secret) =>
        bytes.IndexOf(Encoding.UTF8.GetBytes(secret)) is >= 0 and var at ? Encoding.UTF8.GetString(bytes[Math.Max(0, at - 400)..at]) : "";

    private static List<string> Found(ReadOnlySpan<byte> bytes, string secret)
    {
        var found = new List<string>();
        foreach (var (form, needle) in Forms(secret))
        {
            if (bytes.IndexOf(Encoding.UTF8.GetBytes(needle)) >= 0)
                found.Add(form);
        }

        if (bytes.IndexOf(Encoding.Unicode.GetBytes(secret)) >= 0)
            found.Add("UTF-16");
        return found;
    }

    private static IEnumerable<(string Form, string Needle)> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return ("plain", secret);
        yield return ("reversed", new string([.. secret.Reverse()]));
        yield return ("hex", Convert.ToHexStringLower(bytes));
        yield return ("HEX", Convert.ToHexString(bytes));
        yield return ("URL", Uri.EscapeDataString(secret));
        yield return ("JSON", JsonEncodedText.Encode(secret).ToString());
        yield return ("HTML", System.Net.WebUtility.HtmlEncode(secret));
        yield return ("bits", string.Concat(bytes.Select(one => one.ToString("b8", System.Globalization.CultureInfo.InvariantCulture))));
        for (var shift = 0; shift < 3; shift++)
        {
            // Base64 depends on where in a longer text the secret starts; the characters at both ends mix with their neighbours.
            var padded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
            var inner = padded[(shift == 0 ? 0 : 4)..(padded.TrimEnd('=').Length / 4 * 4)];
            yield return ($"base64+{shift}", inner);
            yield return ($"base64url+{shift}", inner.Replace('+', '-').Replace('/', '_'));
        }
    }
}
