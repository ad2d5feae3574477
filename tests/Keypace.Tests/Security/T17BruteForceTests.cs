using System.Net;
using System.Text;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Security;

/// <summary>Passwords that are tried from a hundred machines: ten looks an account in a quarter of an hour, and its owner gets in all the same. In virtual time.</summary>
public sealed class T17BruteForceTests
{
    private const string Owner = "ada@example.org";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_many_machines_no_account_is_tried_more_often_than_it_may_and_its_owner_gets_in()
    {
        var threat = new Threat("T17", "passwords tried from many machines");
        var random = new Random(threat.Seed);
        using var folder = new TestFolder();
        folder.Variables["KEYPACE_PROXIES"] = "127.0.0.1";
        await folder.InitAsync(folder.OwnerOptions);
        // Over plain http from another machine nobody signs in; the proxy says whence, and ends TLS.
        await using var server = await RunningServer.StartAsync(folder, publicUrl: "https://keys.example.test");
        var (_, known) = await SignInAsync(server, Owner, TestFolder.Password, "10.9.9.9", null);
        Assert.NotNull(known);

        string[] accounts = [Owner, "nobody@example.org", "ADA@example.org "];
        var looks = new List<(string Account, string Machine, DateTimeOffset At)>();
        for (var index = 0; index < Threat.Cases(400, 20_000); index++)
        {
            var (account, machine) = (accounts[random.Next(accounts.Length)], $"10.0.{random.Next(4)}.{random.Next(25)}");
            // Now and then the right one: while the account is locked it is not looked at either.
            var (code, _) = await SignInAsync(server, account, "a wrong but long password", machine, null);
            if (code == "sign_in_refused")
                looks.Add((account.Trim().ToUpperInvariant(), machine, folder.Time.GetUtcNow()));
            threat.Check(code is "sign_in_refused" or "sign_in_locked", () => $"{account} from {machine}: {code}");
            if (index % 20 == 19)
            {
                var (entered, _) = await SignInAsync(server, Owner, TestFolder.Password, machine, known);
                threat.Check(entered.Length == 0, () => $"the owner's own browser: {entered}");
            }

            folder.Time.Advance(TimeSpan.FromSeconds(random.Next(random.Next(4) == 0 ? 300 : 5)));
        }

        foreach (var group in looks.GroupBy(look => look.Account))
            threat.Check(MostWithin(group.Select(look => look.At)) <= SignInTries.MostForAddress, () => $"{group.Key}: {MostWithin(group.Select(look => look.At))} looks within {SignInTries.Within}");
        foreach (var group in looks.GroupBy(look => look.Machine))
            threat.Check(MostWithin(group.Select(look => look.At)) <= SignInTries.MostFromMachine, () => $"{group.Key}: {MostWithin(group.Select(look => look.At))} looks within {SignInTries.Within}");
        threat.Done();
    }

    [Fact]
    public async Task Whoever_is_no_named_proxy_can_say_no_other_address()
    {
        var threat = new Threat("T17", "addresses that somebody made up");
        using var folder = new TestFolder();
        folder.Variables["KEYPACE_PROXIES"] = "10.1.2.0/24";
        await folder.InitAsync(folder.OwnerOptions);
        await using var server = await RunningServer.StartAsync(folder);
        for (var index = 0; index < 3 * SignInTries.MostFromMachine; index++)
        {
            var (code, _) = await SignInAsync(server, $"person{index}@example.org", "a wrong but long password", $"10.0.0.{index}", null, null);
            threat.Check(code == (index < SignInTries.MostFromMachine ? "sign_in_refused" : "sign_in_locked"), () => $"try {index}: {code}");
        }

        threat.Done();
    }

    [Fact]
    public async Task Of_many_at_once_sixteen_wait_to_be_hashed_and_the_rest_is_told_to_come_back()
    {
        var threat = new Threat("T17", "passwords at once");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var passwords = new Passwords(iterations: 1_000_000);   // long enough that none of them is done before the last has come
        var tries = Enumerable.Range(0, 60).Select(_ => passwords.VerifyAsync(null, "a wrong but long password", stop.Token)).ToList();
        var toldAtOnce = tries.Count(one => one is { IsCompletedSuccessfully: true, Result: null });
        threat.Check(toldAtOnce == 60 - Passwords.MostWaiting - 2, () => $"{toldAtOnce} of 60 were told at once");
        await stop.CancelAsync();
        foreach (var one in tries)
            await ((Task)one).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        // Their places are there again.
        threat.Check(await passwords.VerifyAsync(null, "short", Ct) is false, () => "a place was lost");
        threat.Done();
    }

    /// <returns>The refusal's code, empty for none; and what a browser is given to be known by.</returns>
    private static async Task<(string Code, string? Browser)> SignInAsync(RunningServer server, string email, string password, string from, string? browser, string? host = "keys.example.test")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in")
        {
            Content = new StringContent($$"""{"email":"{{email}}","password":"{{password}}"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Host = host ?? server.Address.Authority;
        request.Headers.Add("X-Keypace", "1");
        request.Headers.Add("X-Forwarded-For", from);
        if (browser is not null)
            request.Headers.Add("Cookie", browser);
        using var answer = await server.Http.SendAsync(request, Ct);
        return answer.StatusCode == HttpStatusCode.NoContent
            ? ("", answer.Headers.GetValues("Set-Cookie").Last().Split(';')[0])
            : (answer.Headers.GetValues("x-keypace-error").Single(), null);
    }

    private static int MostWithin(IEnumerable<DateTimeOffset> moments)
    {
        var all = moments.Order().ToList();
        return all.Select((from, index) => all.Skip(index).TakeWhile(at => at < from + SignInTries.Within).Count()).DefaultIfEmpty().Max();
    }
}
