using System.Text;
using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>What Keypace signs for AWS, as it arrives at the hub, signed again by botocore.</summary>
public sealed class AwsSignatureTests(NativeHubs hubs) : IClassFixture<NativeHubs>
{
    private const string Python = "/usr/bin/python3"; // Debian's own, which has Debian's packages
    private const int Wanted = 5_000;
    private const int Requests = Wanted + 200;   // a few hold what no path may hold, and are refused
    private const int AtOnce = 32;

    // What may stand in a path or a query as it is, and some of what is percent-encoded there.
    private static readonly string[] Pieces =
        [.. "abcXYZ019-._~!$'()*,;:@".Select(letter => letter.ToString()), "%20", "%2F", "%3A", "%C3%BC", "%E6%97%A5", "%25", "%2B", "+", "%7E", "%3D", "%26"];

    [Fact]
    public async Task Random_requests_are_signed_as_botocore_signs_them()
    {
        Assert.SkipUnless(
            File.Exists(Python) && (await ChildProcess.RunAsync(Python, ["-c", "import botocore"])).ExitCode == 0,
            "python3-botocore is missing (apt-get install python3-botocore)");
        const int seed = 20261125;
        var chance = new Random(seed);
        var asked = Enumerable.Range(0, Requests).Select(number => Random(chance, number)).ToList();

        await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (request, _) =>
        {
            var answer = await hubs.Api.SendAsync(new HttpMethod(request.Method), "/keys/rock/" + request.Target, request.Body, request.Headers);
            Assert.True((int)answer.Status is 200 or 400 or 404, $"{request.Method} {request.Target}: {answer.Text}");
        });

        // The plain queries of a translated chat are signed likewise.
        (await hubs.Api.PostAsync("/v1/chat/completions", new { model = "bedrock/anthropic.claude-x-v1:0", stream = true, messages = new[] { new { role = "user", content = "Grüße" } } })).MustBe(200);

        var signed = hubs.Bedrock.Seen.Where(request => request.Header("authorization")?.StartsWith("AWS4", StringComparison.Ordinal) == true).ToList();
        Assert.True(signed.Count >= Wanted, $"only {signed.Count} requests came signed (seed {seed})");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, signed.Select(Line));
            var (exitCode, output) = await ChildProcess.RunAsync(Python, [Path.Combine(Checkout.Root, "tests", "clients", "botocore", "check.py"), file]);
            Assert.True(exitCode == 0, $"seed {seed}: {output}");
            Assert.Equal($"{signed.Count} identical", output.Trim());
        }
        finally
        {
            File.Delete(file);
        }

        Assert.All(signed, request =>
        {
            Assert.Equal(NativeHubs.SessionToken, request.Header("x-amz-security-token"));
            Assert.DoesNotContain(request.Headers, header => header.Value.Contains(NativeHubs.SecretAccessKey, StringComparison.Ordinal));
        });
        Secrets.MustBeAbsent(hubs.Keypace.Output, NativeHubs.SecretAccessKey, "the log");
    }

    [Fact]
    public async Task A_Bedrock_API_key_is_sent_as_it_is()
    {
        (await hubs.Api.PostAsync("/v1/chat/completions", new { model = "bedrock_custom/mine", messages = new[] { new { role = "user", content = "A" } } })).MustBe(200);
        var request = hubs.Bedrock.Seen.Last(each => each.Target == "/model/mine/converse");
        Assert.Equal(("Bearer ABSKnot-a-real-key-0001", null), (request.Header("authorization"), request.Header("x-amz-date")));
    }

    private string Line(NativeRequest request)
    {
        var fields = request.Header("authorization")!.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
        return JsonSerializer.Serialize(new
        {
            method = request.Method,
            url = hubs.Bedrock.Address + request.Target,
            headers = request.Headers.Where(header => fields.Contains(header.Key.ToLowerInvariant())).Select(header => new[] { header.Key, header.Value }),
            body = Convert.ToBase64String(request.Body),
            authorization = request.Header("authorization"),
            access_key = NativeHubs.AccessKey,
            secret_key = NativeHubs.SecretAccessKey,
        });
    }

    private static Asked Random(Random chance, int number)
    {
        var path = string.Join('/', Enumerable.Range(0, chance.Next(1, 5)).Select(_ => "p" + Text(chance, 12)));
        var query = chance.Next(3) == 0 ? "" : "?" + string.Join('&', Enumerable.Range(0, chance.Next(1, 6)).Select(_ =>
            "abAB"[chance.Next(4)] + Text(chance, 3) + (chance.Next(5) == 0 ? "" : "=" + Text(chance, 8))));
        var method = new[] { "GET", "POST", "PUT", "DELETE" }[chance.Next(4)];
        var body = method is "POST" or "PUT" ? $$"""{"number":{{number}},"text":"{{new string((char)chance.Next('a', 'z'), chance.Next(0, 300))}}ü"}""" : null;
        var headers = new List<(string, string)>();
        for (var count = chance.Next(3); count > 0; count--)
            headers.Add(($"x-amz-meta-{(char)('a' + chance.Next(3))}", $"v{chance.Next(9)}{new string(' ', chance.Next(1, 4))}w"));
        if (chance.Next(4) == 0)
            headers.Add(("x-amz-date", "20000101T000000Z"));   // a caller's own, which must not be what is signed
        return new Asked(method, path + (chance.Next(6) == 0 ? "/" : "") + query, body, headers);
    }

    private static string Text(Random chance, int most)
    {
        var text = new StringBuilder();
        for (var count = chance.Next(most + 1); count > 0; count--)
            text.Append(Pieces[chance.Next(Pieces.Length)]);
        return text.ToString();
    }

    private sealed record Asked(string Method, string Target, string? Body, IReadOnlyList<(string Name, string Value)> Headers);
}
