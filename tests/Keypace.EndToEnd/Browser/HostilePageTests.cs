using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>Pages that a hub or another site made, in the browser of an owner who is signed in.</summary>
[Collection(MorePages.Name)]
public sealed class HostilePageTests(Chromium chromium) : OnPages(chromium)
{
    // Runs wherever it is let: mints a token with whatever the page may use.
    private const string Script = """
        <html><body><script>
        document.title = 'ran';
        fetch('/v1/access-tokens', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Keypace': '1' }, body: JSON.stringify({ name: 'stolen', role: 'admin' }) })
          .then(answer => { document.title = 'minted ' + answer.status; });
        </script></body></html>
        """;

    [Fact]
    public async Task A_hubs_page_never_runs_as_ours()
    {
        await using var hub = await CheckingHub.StartAsync(_ => new CheckingHub.Said(200, "text/html", Script));
        var id = await Keypace.StoreKeyAsync(hub.Address, Secrets.New(), "trap", null);
        await using var window = await OpenAsync("/keys");
        await window.Page.GotoAsync("/keys/trap/page");
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/key/{id}$"));
        await Expect(window.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "trap" })).ToBeVisibleAsync();

        await window.Page.GotoAsync("/keys/nobody/page");
        await Expect(window.Page.GetByText("There is no such key")).ToBeVisibleAsync();

        // What our own scripts may ask for is data to them, and stays data when it is shown.
        await window.Page.GotoAsync("/keys");
        var type = await window.Page.EvaluateAsync<string>("""
            async () => {
              const answer = await fetch('/keys/trap/v1/page', { headers: { 'X-Keypace': '1' } });
              return [answer.status, (await answer.text()).includes('stolen')].join(' ');
            }
            """);
        Assert.Equal("200 true", type);
        Assert.Single(hub.All);
        Assert.DoesNotContain("stolen", (await Keypace.Api.GetAsync("/v1/access-tokens")).MustBe(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_leads_to_the_keys_page_and_to_nothing_of_a_hub()
    {
        await using var hub = await CheckingHub.StartAsync(_ => new CheckingHub.Said(200, "text/html", Script));
        var id = await Keypace.StoreKeyAsync(hub.Address, Secrets.New(), "trap", null);
        await using (var window = await OpenAsync("/sign-in?return=/keys/trap/page"))
            await Expect(window.Page).ToHaveURLAsync(Keypace.Address.ToString());
        await using (var window = await OpenAsync("/keys/trap/page"))
            await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/key/{id}$"));
        Assert.All(hub.All, seen => Assert.Equal("/v1/models", seen.Target));   // which the first steps ask for, to name a model
    }

    [Fact]
    public async Task Another_site_reaches_nothing_through_the_owners_browser()
    {
        await using var trap = await CheckingHub.StartAsync(_ => new CheckingHub.Said(200, "text/html", Script));
        var id = await Keypace.StoreKeyAsync(trap.Address, Secrets.New(), "trap", null);
        var target = $"{Keypace.Address.GetLeftPart(UriPartial.Authority)}/keys/trap/v1/page";
        // On another port of the same name: to browsers the same site, so that they send the cookie along.
        await using var site = await CheckingHub.StartAsync(_ => new CheckingHub.Said(200, "text/html", $$"""
            <html><body>
            <a id="link" href="{{target}}">look</a>
            <form id="form" method="post" action="{{target}}" target="sink"><input name="a" value="b"></form>
            <iframe name="sink"></iframe><iframe src="{{target}}"></iframe><img src="{{target}}"><script src="{{target}}"></script><link rel="stylesheet" href="{{target}}">
            <script>
            window.done = (async () => {
              const said = [];
              for (const options of [{}, { mode: 'no-cors', credentials: 'include' }, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x' }, { credentials: 'include', headers: { 'X-Keypace': '1' } }])
                said.push(await fetch('{{target}}', options).then(answer => answer.type + answer.status, () => 'refused'));
              said.push(await new Promise(end => {
                const socket = new WebSocket('{{target.Replace("http:", "ws:", StringComparison.Ordinal).Replace("/keys/trap/v1/page", "/_blazor", StringComparison.Ordinal)}}');
                socket.onopen = () => end('open'); socket.onerror = () => end('refused');
              }));
              document.getElementById('form').submit();
              return said.join(' ');
            })();
            </script></body></html>
            """));
        await using var window = await OpenAsync("/");
        await window.Page.GotoAsync(site.Address);
        var said = await window.Page.EvaluateAsync<string>("window.done");
        Assert.EndsWith("refused", said, StringComparison.Ordinal);
        Assert.DoesNotContain("200", said, StringComparison.Ordinal);
        await window.Page.Locator("#link").ClickAsync();
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/key/{id}$"));
        Assert.All(trap.All, seen => Assert.Equal("/v1/models", seen.Target));
        Assert.DoesNotContain("stolen", (await Keypace.Api.GetAsync("/v1/access-tokens")).MustBe(200).Text, StringComparison.Ordinal);
    }
}
