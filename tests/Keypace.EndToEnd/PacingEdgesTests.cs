using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// Hubs and callers at the edges, in real time beside whatever the machine does: judged is only that nothing goes over. Once each in a usual run, 50 times by
/// <c>./dev campaign pacing</c> (<c>KEYPACE_ROUNDS</c>: other numbers).
/// </summary>
[Collection(nameof(Timed))]
public sealed class PacingEdgesTests(SharedKeypace keypace)
{
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_ROUNDS"), out var rounds) ? rounds : Campaign.Or(1, 50);
    private static readonly HubLimit Limit = new(20, 2);

    [Theory]
    [InlineData("frozen")]
    [InlineData("foreign")]
    [InlineData("flapping headers")]
    [InlineData("absurd headers")]
    [InlineData("bucket of a second")]
    [InlineData("slow answers")]
    [InlineData("aligned")]
    public async Task Nothing_goes_over_at_a_hub_that_is(string kind)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var options = new PretendHubOptions { RequiredKey = Secrets.New(), Limit = Limit, SaysRetryAfter = round % 2 == 0, Seed = round + 1 };
            await using var hub = await PretendHub.StartAsync(kind switch
            {
                "frozen" => options with { Enforcement = HubEnforcement.Slices },
                "foreign" => options with { ForeignShare = 0.3, Dialect = HubDialect.OpenAi },
                "flapping headers" => options with { Limit = null, Dialect = HubDialect.Plain, SaidRemaining = arrival => arrival % 2 == 0 ? "0" : "1000000" },
                "absurd headers" => options with { Dialect = HubDialect.Anthropic, SaidLimit = int.MaxValue, SaidRemaining = arrival => arrival % 3 == 0 ? "-7" : "1e9" },
                "bucket of a second" => options with { Enforcement = HubEnforcement.BucketOfASecond },
                "slow answers" => options with { DelayMs = (0, 1_500) },
                _ => options,
            });
            var name = $"{kind} {round}";
            await using var line = new SlowLine(hub.Port, (0, kind == "slow answers" ? 40 : 0), round + 1);
            var id = await keypace.Running.StoreKeyAsync(kind == "slow answers" ? line.Address : hub.Address, hub.Options.RequiredKey!, name, Limit);
            (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limit_frozen = kind == "frozen" })).MustBe(200);
            if (kind == "aligned")
            {
                // A burst just before a whole minute of the hub's, and one just after: two calendar windows, one window of ours.
                var now = TimeProvider.System.GetUtcNow();
                await Task.Delay(TimeSpan.FromMilliseconds((2_000 - (now.ToUnixTimeMilliseconds() % 2_000) + 1_700) % 2_000), TimeProvider.System, TestContext.Current.CancellationToken);
            }

            _ = await Task.WhenAll(Load.Callers(keypace.Running, name, ["alice", "bob"], queries: 22, connections: 22));

            var report = hub.Log.Report(Limit);
            Assert.True(report.Count >= Limit.Requests, $"only {report.Count} went");
            Assert.True(report.Holds, $"{report.MostInWindow} of {Limit.Requests} in {Limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s, round {round}");
        }
    }

    /// <summary>The permit is taken when the connection is secured, so however long that takes it spreads nothing.</summary>
    [Fact]
    public async Task Nothing_goes_over_at_a_hub_over_TLS_that_takes_connections_slowly()
    {
        using var folder = TemporaryFolder.Create("keypace-e2e-tls-");
        using var certificate = CertificateOfLocalhost();
        var trusted = Path.Combine(folder.Path, "hub.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await using var alone = await RunningKeypace.StartAsync(("SSL_CERT_FILE", trusted));
        for (var round = 0; round < Rounds; round++)
        {
            await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = Limit, Seed = round + 1 });
            await using var line = new SlowLine(hub.Port, (0, 0), round + 1, certificate) { TakesAfter = TimeSpan.FromMilliseconds(40) };
            await alone.StoreKeyAsync(line.Address, hub.Options.RequiredKey!, $"tls {round}", Limit);

            _ = await Task.WhenAll(Load.Callers(alone, $"tls {round}", ["alice", "bob"], queries: 22, connections: 22));

            var report = hub.Log.Report(Limit);
            Assert.True(report.Count >= Limit.Requests, $"only {report.Count} went");
            Assert.True(report.Holds, $"{report.MostInWindow} of {Limit.Requests} in {Limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s, {line.Cut} cut as late, round {round}");
        }
    }

    [Fact]
    public async Task Many_generations_of_a_prompt_keep_the_limit_and_the_tokens()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "generations", Limit);
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "tokens", limit = 2_000, interval_seconds = 2 } } })).MustBe(200);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => keypace.Api.PostAsync("/v1/chat_complete", """
            {"prompt":"Say hello.","completion_params":{"api_key":"generations","hub":"custom","model":"maker/pretend-1","url":null,"timeout":90,"max_retries":5,
             "temperature":1,"top_p":0.99,"max_completion_tokens":8,"generations":4},"system_prompt":null,"prompt_role":"user","messages":null}
            """)));

        Assert.All(answers, answer => answer.MustBe(200));
        Assert.True(hub.Log.Report(Limit).Holds);
    }

    private static X509Certificate2 CertificateOfLocalhost()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
