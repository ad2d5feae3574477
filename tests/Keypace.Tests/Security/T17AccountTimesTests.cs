using System.Net.Http.Json;
using Keypace.Server.Platform;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Security;

/// <summary>How long a refused sign-in takes does not tell whether there is such an account.</summary>
public sealed class T17AccountTimesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Times_of_refused_passwords_do_not_tell_whether_there_is_an_account()
    {
        var threat = new Threat("T17", "times of refused passwords");
        var random = new Random(threat.Seed);
        var passwords = new Passwords(iterations: 20_000);
        var hash = await passwords.HashAsync(TestFolder.Password, Ct);
        await passwords.VerifyAsync(null, "a wrong but long password", Ct);
        await passwords.VerifyAsync(hash, "a wrong but long password", Ct);
        var t = await Times.WelchAsync(random, Threat.Cases(40, 1_000), async (isKnown, _) => await passwords.VerifyAsync(isKnown ? hash : null, "a wrong but long password", Ct));
        threat.Check(t < Times.Telling, () => $"an account's password or nobody's: t = {t:0.0}");
        Console.WriteLine($"T17 an account's password or nobody's: t = {t:0.00}");

        // The whole way, over a socket. Ten tries an account, then a quarter of an hour passes, in virtual time.
        using var folder = new TestFolder { Passwords = new Passwords(Passwords.Iterations) };
        folder.Variables["KEYPACE_PROXIES"] = "127.0.0.1";
        await folder.InitAsync(folder.OwnerOptions);
        await using var server = await RunningServer.StartAsync(folder, publicUrl: "https://keys.example.test");
        async Task<string> RefusedAsync(string email, int index)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = JsonContent.Create(new { email, password = "a wrong but long password" }) };
            request.Headers.Host = "keys.example.test";
            request.Headers.Add("X-Keypace", "1");
            request.Headers.Add("X-Forwarded-For", $"10.{index / 65_536 % 256}.{index / 256 % 256}.{index % 256}");
            using var answer = await server.Http.SendAsync(request, Ct);
            return answer.Headers.GetValues("x-keypace-error").Single() + await answer.Content.ReadAsStringAsync(Ct);
        }

        var bodies = new HashSet<string>(StringComparer.Ordinal);
        bodies.Add(WithoutId(await RefusedAsync("ada@example.org", 1)));
        bodies.Add(WithoutId(await RefusedAsync("nobody@example.org", 2)));
        var tried = 0;
        t = await Times.WelchAsync(random, Threat.Cases(8, 200), async (isKnown, _) =>
        {
            if (Interlocked.Increment(ref tried) % 8 == 0)
                folder.Time.Advance(TimeSpan.FromMinutes(16));
            bodies.Add(WithoutId(await RefusedAsync(isKnown ? "ada@example.org" : "nobody@example.org", tried)));
        });
        threat.Check(t < Times.Telling, () => $"a sign-in to an account or to nobody's: t = {t:0.0}");
        threat.Check(bodies.Count == 1 && bodies.Single().StartsWith("sign_in_refused", StringComparison.Ordinal), () => string.Join('\n', bodies));
        Console.WriteLine($"T17 a sign-in to an account or to nobody's: t = {t:0.00}");
        threat.Done();
    }

    private static string WithoutId(string text) => System.Text.RegularExpressions.Regex.Replace(text, "\"request_id\":\"[^\"]*\"", "");
}
