using System.Text;
using Keypace.Demo;
using Keypace.EndToEnd.Browser;
using Keypace.Tests.Security;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Security;

/// <summary>Secrets of every kind, some of them typed into a page: none stays in a page, in what the browser keeps, or on the page's own connection.</summary>
[Collection(MorePages.Name)]
public sealed class T07PagesTests(Chromium chromium) : OnPages(chromium)
{
    /// <summary>What a page shows and keeps: its text and attributes, what is typed in it, both stores, cookies that scripts see, history, databases, caches.</summary>
    private const string Everything = """
        async () => JSON.stringify([
            document.documentElement.outerHTML, [...document.querySelectorAll('input, textarea, select')].map(field => field.value), { ...localStorage }, { ...sessionStorage },
            document.cookie, location.href, document.referrer, history.state, window.name, (await indexedDB.databases()).map(one => one.name),
            await Promise.all((window.caches ? await caches.keys() : []).map(async name => (await (await caches.open(name)).keys()).map(one => one.url))),
            performance.getEntries().map(one => one.name),
        ])
        """;

    [Fact]
    public async Task No_secret_stays_in_a_page_or_in_what_the_browser_keeps()
    {
        var threat = new Threat("T7", "leaks in pages");
        var kept = new KeptSecrets();
        Hub.Behave(Hub.Options with { RequiredKey = Secrets.Odd });
        await kept.StoreAsync(Keypace, Hub);
        const string Typed = "sk-test-not-a-real-key-typed-0008/+=Zq", TypedNew = "sk-test-not-a-real-key-typed-0009/+=Zq";
        kept.Add("a typed key", Typed);
        kept.Add("a typed new key", TypedNew);

        await using var window = await OpenAsync("/keys");
        var cookie = (await window.Page.Context.CookiesAsync()).Single(one => one.Value.StartsWith("kps_", StringComparison.Ordinal)).Value;
        kept.Add("the session's cookie", cookie[(cookie.LastIndexOf('_') + 1)..]);
        async Task LookAsync(string where) => kept.Search(threat, where, Encoding.UTF8.GetBytes(await TextAsync(window.Page)));
        await LookAsync("the first page");

        await window.Button("Add new key").ClickAsync();
        await window.Field("Name").FillAsync("typed");
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Field("API key").PressSequentiallyAsync(Typed);
        await window.Field("Requests").FillAsync("50");
        await window.Field("Seconds").FillAsync("10");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await LookAsync("the page after a key was added");

        // Typed and left: a draft is kept without it.
        await window.Button("Add new key").ClickAsync();
        await window.Field("Name").FillAsync("left");
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("API key").PressSequentiallyAsync(TypedNew);
        await window.Page.ReloadAsync();
        await window.LiveAsync();
        await LookAsync("the page after a form was left");

        var ids = (await Keypace.Api.GetAsync("/v1/api-keys")).MustBe(200).Json.EnumerateArray().Select(key => key.GetProperty("id").GetString()!).ToList();
        foreach (var path in (string[])["/", "/keys", "/agents", "/tokens", "/usage", "/audit", "/playground", "/team", "/settings", .. ids.Select(id => $"/key/{id}")])
        {
            await window.Page.GotoAsync(path);
            await window.LiveAsync();
            await LookAsync(path);
        }

        await window.Button("Edit").First.ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(1);
        await LookAsync("the dialog of a stored key");
        kept.Search(threat, "what came, or went over the page's connection", Encoding.UTF8.GetBytes(string.Join('\n', window.Wire.Distinct())));
        kept.Search(threat, "the console", Encoding.UTF8.GetBytes(string.Join('\n', window.Complaints)));

        // The control: what is typed is found while it stands there.
        await window.Page.GotoAsync("/keys");
        await window.LiveAsync();
        await Expect(window.Dialog).ToHaveCountAsync(1);   // the draft's
        await window.Field("API key").FillAsync(Typed);
        threat.Check(Secrets.FormsIn(Encoding.UTF8.GetBytes(await TextAsync(window.Page)), Typed).Count > 0, () => "what stands in the page would not be found");
        threat.Check(kept.Kinds >= 12, () => $"{kept.Kinds} kinds were looked for");
        threat.Done();
    }

    private static Task<string> TextAsync(IPage page) => page.EvaluateAsync<string>(Everything);
}
