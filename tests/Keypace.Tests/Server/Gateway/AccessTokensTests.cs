using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Access tokens against a token endpoint on loopback, with the clock in the test's hand.</summary>
public sealed class AccessTokensTests : IAsyncLifetime
{
    private const string Refresh = "1//test-not-a-real-refresh-token";
    private const string ClientSecret = "GOCSPX-test-not-a-real-client-secret";

    private static readonly Guid s_team = Guid.Parse("22222222-2222-7222-8222-222222222222");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentQueue<string> _forms = new();
    private readonly SecretVault _vault;
    private Func<int, (int Status, string Body)> _answer = call => (200, $$"""{"access_token":"ya29.test-{{call}}","expires_in":3599,"token_type":"Bearer"}""");
    private TaskCompletionSource _hold = Released();
    private WebApplication? _endpoint;
    private HubLines? _lines;
    private Envelopes? _envelopes;
    private AccessTokens? _tokens;
    private RowMapping? _mapping;

    public AccessTokensTests()
    {
        var instance = Guid.Parse("11111111-1111-7111-8111-111111111111");
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, s_team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        _vault = vault;
    }

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _endpoint = builder.Build();
        _endpoint.Run(AnswerAsync);
        await _endpoint.StartAsync();

        Assert.True(EgressPolicy.Parse("127.0.0.1").TryGet(out var egress, out _));
        var hub = TestHub(_endpoint.Urls.Single());
        _mapping = new RowMapping(HubCatalogue.Of([hub]), _vault);
        var pacing = new PacingOptions();
        var groups = new RateGroups(pacing, _time, new OpenLedger());
        _lines = new HubLines(egress, new GatewayOptions(), new HubGuards(pacing, new KeySnapshots(groups), groups, _time), _time);
        _envelopes = new Envelopes(_vault, new Random(20261130).NextBytes, _time);
        _tokens = new AccessTokens(_envelopes, new TokenEndpoint(_lines, _time), _time);
    }

    public async ValueTask DisposeAsync()
    {
        _envelopes?.Dispose();
        _lines?.Dispose();
        if (_endpoint is not null)
            await _endpoint.DisposeAsync();
        _vault.Dispose();
    }

    [Fact]
    public async Task A_thousand_waiting_queries_make_one_call_with_googles_form()
    {
        var key = Key(("client_id", "77-x.apps.googleusercontent.com"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = Enumerable.Range(0, 1000).Select(_ => _tokens!.OpenAsync(key, TestContext.Current.CancellationToken).AsTask()).ToArray();
        Assert.DoesNotContain(waiting, each => each.IsCompleted);
        _hold.SetResult();

        foreach (var outcome in await Task.WhenAll(waiting))
            Assert.Equal("Bearer ya29.test-1", HeaderOf(outcome));
        Assert.Equal(
            $"grant_type=refresh_token&client_id=77-x.apps.googleusercontent.com&client_secret={ClientSecret}&refresh_token=1%2F%2Ftest-not-a-real-refresh-token",
            Assert.Single(_forms));
    }

    [Fact]
    public async Task A_token_is_used_until_shortly_before_its_end_and_renewed_while_it_serves()
    {
        var key = Key(("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(key));
        _time.Advance(TimeSpan.FromSeconds(3599 - 301));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(key));
        Assert.Single(_forms);

        // From here on the next one is fetched, and nobody waits for it.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(key));
        while (await HeaderAsync(key) != "Bearer ya29.test-2")
            await Task.Yield();
        _time.Advance(TimeSpan.FromSeconds(3599 - 59));
        Assert.Equal("Bearer ya29.test-3", await HeaderAsync(key));
        Assert.Equal(3, _forms.Count);
    }

    [Fact]
    public async Task A_key_that_changed_gets_a_token_of_its_own_and_one_that_the_hub_refuses_is_forgotten()
    {
        var before = Key(("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(before));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(before with { IsDisabled = false }));   // the gateway's own copies are the same key
        var after = Key(("client_id", "d"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.Equal("Bearer ya29.test-2", await HeaderAsync(after));
        _tokens!.Rejected(after, new HubRejection(401, null, default));
        Assert.Equal("Bearer ya29.test-3", await HeaderAsync(after));
    }

    [Fact]
    public async Task An_expired_refresh_token_is_said_with_the_endpoints_words_and_without_secrets()
    {
        _answer = _ => (400, $$"""{"error":"invalid_grant","error_description":"Token {{Refresh}} has been expired\nor revoked."}""");
        var key = Key(("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.False((await _tokens!.OpenAsync(key, TestContext.Current.CancellationToken)).TryGet(out _, out var refusal));
        Assert.Equal("hub_refused_key", refusal.Code);
        Assert.Contains("'google'", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains("invalid_grant: Token 1//", refusal.Detail, StringComparison.Ordinal);   // the rest is in both secrets
        Assert.Contains($"{new string('*', Refresh.Length - 3)} has been expired or revoked.", refusal.Detail, StringComparison.Ordinal);

        // It stands for a moment, then it is asked again.
        Assert.NotNull(await _tokens.PrepareAsync(key, TestContext.Current.CancellationToken));
        Assert.Single(_forms);
        _time.Advance(TimeSpan.FromSeconds(6));
        _answer = call => (200, """{"access_token":"ya29.again","expires_in":"3599"}""");
        Assert.Equal("Bearer ya29.again", await HeaderAsync(key));
    }

    [Theory]
    [InlineData("GOCSPX-test-not-a-real")]
    [InlineData("t-secret")]
    [InlineData("0/test-not-a-real 1//test-not")]
    [InlineData("ya29.given-all-the-same")]
    [InlineData("R09DU1BYLXRlc3Qtbm90LWEtcmVhbC1jbGllbnQtc2VjcmV0")]
    [InlineData("474f435350582d74657374")]
    public async Task No_piece_of_a_secret_stands_in_the_endpoints_words(string piece)
    {
        _answer = _ => (401, $$"""{"access_token":"ya29.given-all-the-same","error":"invalid_client","error_description":"It is <{{piece}}>"}""");
        var key = Key(("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));

        Assert.False((await _tokens!.OpenAsync(key, TestContext.Current.CancellationToken)).TryGet(out _, out var refusal));

        Assert.Contains("It is <", refusal.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(piece[^8..], refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip", "hub_refused_key")]
    [InlineData("zstd", "hub_refused_key")]
    [InlineData("lzma", "hub_answer_undecodable")]
    public async Task What_the_endpoint_compresses_is_decoded_or_a_refusal(string coding, string code)
    {
        await using var endpoint = new RawHub(Compressed.Answer("400 No", coding, Compressed.By(coding, Encoding.UTF8.GetBytes($$"""{"error":"invalid_client","error_description":"not {{ClientSecret}}"}"""))));
        var refusal = await RefusalOfAsync(endpoint);

        Assert.Equal(code, refusal.Code);
        Assert.DoesNotContain(ClientSecret[..8], refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("204 X")]
    [InlineData("205 X")]
    [InlineData("304 X")]
    public async Task An_endpoint_that_answers_with_a_head_alone_is_not_waited_for(string status)
    {
        await using var endpoint = new RawHub($"HTTP/1.1 {status}\r\n\r\n");   // and stays open
        Assert.Equal("hub_unreachable", (await RefusalOfAsync(endpoint)).Code);
    }

    private async Task<Keypace.Domain.Refusal> RefusalOfAsync(RawHub endpoint)
    {
        var mapping = new RowMapping(HubCatalogue.Of([TestHub(endpoint.Url)]), _vault);
        var key = Key(mapping, ("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.False((await _tokens!.OpenAsync(key, TestContext.Current.CancellationToken)).TryGet(out _, out var refusal));
        return refusal;
    }

    [Theory]
    [InlineData(200, "<html>sign in</html>", "hub_answer_unreadable")]
    [InlineData(200, "", "hub_answer_unreadable")]
    [InlineData(200, "{}", "hub_answer_unreadable")]
    [InlineData(200, "[1]", "hub_answer_unreadable")]
    [InlineData(200, "{\"access_token\":\"a\\r\\nx: y\"}", "hub_answer_unreadable")]
    [InlineData(401, "{\"error\":\"invalid_client\"}", "hub_refused_key")]
    [InlineData(403, "<html>", "hub_refused_key")]
    [InlineData(503, "busy", "hub_unreachable")]
    [InlineData(429, "{}", "hub_unreachable")]
    [InlineData(302, "", "hub_unreachable")]
    public async Task Whatever_else_the_endpoint_answers_is_a_refusal(int status, string body, string code)
    {
        _answer = _ => (status, body);
        var key = Key(("client_id", "c"), ("client_secret", ClientSecret), ("refresh_token", Refresh));
        Assert.False((await _tokens!.OpenAsync(key, TestContext.Current.CancellationToken)).TryGet(out _, out var refusal));
        Assert.Equal(code, refusal.Code);
    }

    [Fact]
    public async Task A_service_account_signs_what_google_checks()
    {
        using var rsa = RSA.Create(2048);
        var file = JsonSerializer.Serialize(new { type = "service_account", client_email = "robot@test.example", private_key_id = "k1", private_key = rsa.ExportPkcs8PrivateKeyPem() });
        var key = Key(("service_account", file));
        Assert.Equal("Bearer ya29.test-1", await HeaderAsync(key));

        var form = Assert.Single(_forms);
        const string start = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
        Assert.StartsWith(start, form, StringComparison.Ordinal);
        var parts = form[start.Length..].Split('.');
        Assert.Equal("""{"alg":"RS256","typ":"JWT","kid":"k1"}""", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])));
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        Assert.Equal("robot@test.example", claims.RootElement.GetProperty("iss").GetString());
        Assert.Equal("https://www.googleapis.com/auth/cloud-platform", claims.RootElement.GetProperty("scope").GetString());
        Assert.Equal(key.Access.Auth.TokenUrl, claims.RootElement.GetProperty("aud").GetString());
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), claims.RootElement.GetProperty("iat").GetInt64());
        Assert.Equal(3600, claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64());
        Assert.True(rsa.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    /// <summary>The program's vertex with the endpoint of this test.</summary>
    private static HubProfile TestHub(string endpoint)
    {
        using var stream = typeof(HubLines).Assembly.GetManifestResourceStream("hubs/vertex.json")!;
        using var reader = new StreamReader(stream);
        var json = reader.ReadToEnd().Replace("https://oauth2.googleapis.com", endpoint, StringComparison.Ordinal);
        Assert.True(HubProfile.Parse(Encoding.UTF8.GetBytes(json), "vertex.json").TryGet(out var hub, out var refusal), refusal?.Detail);
        return hub;
    }

    private ServedKey Key(params (string Name, string Value)[] fields) => Key(_mapping!, fields);

    private ServedKey Key(RowMapping mapping, params (string Name, string Value)[] fields)
    {
        var hub = mapping.HubOf("vertex");
        var config = fields.ToDictionary(field => field.Name, field => (string?)field.Value);
        (config["region"], config["project_id"]) = ("us-central1", "p");
        Assert.True(HubConfig.ForNew(hub, null, config).TryGet(out var parts, out var refusal), refusal?.Detail);
        Assert.True(hub.DestinationOf(null, parts.Config).TryGet(out var destination, out _));
        var row = new ApiKeyRow { Id = Guid.Parse("33333333-3333-7333-8333-333333333333"), TeamId = s_team, Name = "google", NameKey = "GOOGLE", Hub = "vertex", RateLimitPerInterval = 60, RateLimitInterval = 60 };
        new KeySealing(_vault, mapping).Seal(row, parts, destination, parts.Join());
        return mapping.Key(row);
    }

    private async Task<string?> HeaderAsync(ServedKey key) => HeaderOf(await _tokens!.OpenAsync(key, TestContext.Current.CancellationToken));

    private static string? HeaderOf(Keypace.Domain.Outcome<Credential> outcome)
    {
        Assert.True(outcome.TryGet(out var credential, out var refusal), refusal?.Detail);
        using (credential)
        using (var request = new HttpRequestMessage())
        {
            credential.Attach(request, HubAuth.Bearer, null);
            return request.Headers.NonValidated["authorization"].ToString();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        _forms.Enqueue(await reader.ReadToEndAsync());
        var (status, body) = _answer(_forms.Count);
        await _hold.Task;
        context.Response.StatusCode = status;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    }

    private static TaskCompletionSource Released()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
