using System.Net;
using System.Text.RegularExpressions;
using Keypace.Domain.Access;
using Keypace.Server.Storage;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Setup;

public sealed partial class ClaimTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_start_makes_a_store_and_a_link_that_only_a_terminal_shows()
    {
        await using (var server = await RunningServer.StartAsync(_folder))
        {
            await LinkAsync(server);
            Assert.Equal(DataFolder.FileMode, TestFolder.ModeOf(_folder.Data.SetupLink));
            Assert.Equal(UnixFileMode.UserRead, TestFolder.ModeOf(_folder.Kek));
            Assert.DoesNotContain("kpb_", _folder.Output.ToString(), StringComparison.Ordinal);
            Assert.Contains(_folder.Data.SetupLink, _folder.Output.ToString(), StringComparison.Ordinal);
            using var ready = await server.Http.GetAsync("/readyz", Ct);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        }

        var first = await File.ReadAllTextAsync(_folder.Data.SetupLink, Ct);
        await using (var server = await RunningServer.StartAsync(_folder, isTerminal: true))
        {
            Assert.NotEqual(first.Split('?')[1], (await LinkAsync(server)).Split('?')[1]);
            Assert.Contains("kpb_", _folder.Output.ToString(), StringComparison.Ordinal);
            using var old = await server.Http.GetAsync("/setup?" + first.Trim().Split('?')[1], Ct);
            Assert.Equal(HttpStatusCode.Forbidden, old.StatusCode);
        }
    }

    [Fact]
    public async Task Looking_at_the_form_changes_nothing_and_sending_it_makes_the_owner()
    {
        await using var server = await RunningServer.StartAsync(_folder);
        var link = await LinkAsync(server);
        for (var look = 0; look < 3; look++)
        {
            var form = await server.Http.GetStringAsync(link, Ct);
            Assert.Contains("name=\"password\"", form, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", form, StringComparison.OrdinalIgnoreCase);   // only files of our own
        }

        using (var refused = await ClaimAsync(server, link, "ada@example.org", "too short"))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        using var done = await ClaimAsync(server, link, "ada@example.org", TestFolder.Password);
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        var token = AccessToken().Match(await done.Content.ReadAsStringAsync(Ct)).Value;
        Assert.False(File.Exists(_folder.Data.SetupLink));
        using (var again = await server.Http.GetAsync(link, Ct))
            Assert.Equal(HttpStatusCode.Gone, again.StatusCode);
        using (var ready = await server.Http.GetAsync("/readyz", Ct))
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        await server.StopAsync();

        await using var opened = _folder.Open();
        Assert.True(opened.IsClaimed);
        using var db = opened.Store.Read();
        var row = await db.AccessTokens.SingleAsync(Ct);
        Assert.True(opened.Vault.TokenMatches(token, row.Digest));
        Assert.Equal(["team", "member", "access_token", "member"], await db.Audit.OrderBy(one => one.Id).Select(one => one.Subject).ToListAsync(Ct));
        Assert.Contains(await db.Audit.ToListAsync(Ct), one => one is { Subject: "member", From: "127.0.0.1", RequestId: not null });
    }

    [Fact]
    public async Task Of_many_claims_at_once_exactly_one_wins()
    {
        await using var server = await RunningServer.StartAsync(_folder);
        var link = await LinkAsync(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(one => ClaimAsync(server, link, $"person{one}@example.org", TestFolder.Password)));
        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        // The losers' tokens were still good when they looked, or no more: never an error of ours.
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Gone, $"{answer.StatusCode}"));
        foreach (var answer in answers)
            answer.Dispose();
        await server.StopAsync();

        await using var opened = _folder.Open();
        using var db = opened.Store.Read();
        Assert.Equal(1, await db.Members.CountAsync(Ct));
        Assert.Equal(1, await db.AccessTokens.CountAsync(Ct));
    }

    [Fact]
    public async Task The_link_ends_after_an_hour()
    {
        await using var server = await RunningServer.StartAsync(_folder);
        var link = await LinkAsync(server);
        _folder.Time.Advance(TokenLifetime.Setup);
        using var answer = await server.Http.GetAsync(link, Ct);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        using var claim = await ClaimAsync(server, link, "ada@example.org", TestFolder.Password);
        Assert.Equal(HttpStatusCode.Forbidden, claim.StatusCode);
    }

    [Fact]
    public async Task Whoever_comes_through_a_proxy_is_not_served_before_there_is_an_owner()
    {
        await using var server = await RunningServer.StartAsync(_folder);
        var link = await LinkAsync(server);
        foreach (var (header, value) in new[]
        {
            ("Forwarded", "for=127.0.0.1"), ("X-Forwarded-For", "127.0.0.1"), ("x-forwarded-proto", "https"), ("Via", "1.1 proxy"), ("CF-Connecting-IP", "127.0.0.1"),
            ("True-Client-IP", "127.0.0.1"), ("X-Client-IP", "127.0.0.1"), ("Fastly-Client-IP", "127.0.0.1"), ("X-Envoy-External-Address", "127.0.0.1"),
            ("X-Original-For", "127.0.0.1"), ("CDN-Loop", "a"), ("X-Amzn-Trace-Id", "a"), ("X-Made-Up-Tomorrow", "a"),
        })
        {
            foreach (var path in new[] { link, "/healthz", "/v1/api-keys", "/keys/main/v1" })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { header, value } } };
                using var answer = await server.Http.SendAsync(request, Ct);
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{path} with {header}: {answer.StatusCode}");
                Assert.Equal("unclaimed", answer.Headers.GetValues("x-keypace-error").Single());
            }
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Origin", "http://evil.example", false)]
    [InlineData("Origin", "null", true)]
    public async Task A_form_from_another_site_is_refused(string header, string value, bool isTaken)
    {
        await using var server = await RunningServer.StartAsync(_folder);
        var link = await LinkAsync(server);
        using var answer = await ClaimAsync(server, link, "ada@example.org", TestFolder.Password, (header, value));
        Assert.Equal(isTaken ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_token_that_the_operator_chose_opens_the_form_to_other_machines()
    {
        const string token = "an-operators-own-token-not-a-real-one";
        await File.WriteAllTextAsync(_folder.In("setup-token"), token + "\n", Ct);
        _folder.Variables["KEYPACE_SETUP_TOKEN_FILE"] = _folder.In("setup-token");
        await using var server = await RunningServer.StartAsync(_folder);
        using var answer = await ClaimAsync(server, "/setup?token=" + token, "ada@example.org", TestFolder.Password, ("X-Forwarded-For", "10.0.0.9"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(File.Exists(_folder.Data.SetupLink));
    }

    private static async Task<HttpResponseMessage> ClaimAsync(
        RunningServer server, string link, string email, string password, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/setup")
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["token"] = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..],
                ["email"] = email,
                ["password"] = password,
                ["password_again"] = password,
            }),
        };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await server.Http.SendAsync(request, Ct);
    }

    /// <summary>The file is written just after the server began to listen, and the line about it after that.</summary>
    private async Task<string> LinkAsync(RunningServer server)
    {
        using var answer = await server.Http.GetAsync("/healthz", Ct);
        while (!_folder.Output.ToString().Contains("no owner", StringComparison.Ordinal))
            await Task.Yield();
        return (await File.ReadAllTextAsync(_folder.Data.SetupLink, Ct)).Trim();
    }

    [GeneratedRegex(@"\bkpa_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b")]
    private static partial Regex AccessToken();
}
