using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>What the list says of a key whose hub holds it back, refuses it, or has nothing left to spend; and that a hub's words stay words.</summary>
[Collection(MorePages.Name)]
public sealed class KeyStatesTests(Chromium chromium)
{
    [Fact]
    public async Task Hubs_that_hold_back_refuse_or_want_money_are_told_apart()
    {
        await using var pausing = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.TooManyRequests, FaultTimes = 1, FaultRetryAfterSeconds = 300 });
        await using var refusing = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.Unauthorized });
        await using var spent = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.SpendLimit });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(pausing, "paused <b>key</b>", new HubLimit(100, 60));
        await keypace.StoreKeyAsync(refusing, "refused", new HubLimit(100, 60));
        await keypace.StoreKeyAsync(spent, "spent", new HubLimit(100, 60));
        await using var window = await chromium.OpenAsync(keypace.Address);
        await window.Page.GotoAsync("/keys");
        await window.SignInAsync(KeypaceFolder.OwnerEmail, (await File.ReadAllTextAsync(keypace.Folder.PasswordFile)).Trim());
        await window.LiveAsync();
        await Expect(Row(window, "refused")).ToContainTextAsync("Active");

        // The hub's pause is longer than any query may wait, so this one is refused at once.
        (await keypace.Api.ChatAsync("paused <b>key</b>")).MustBe(429);
        (await keypace.Api.ChatAsync("refused")).MustRefuseQuery(502, "hub_refused_key");
        for (var query = 0; query < 3; query++)
            await keypace.Api.ChatAsync("spent");

        await Expect(Row(window, "paused <b>key</b>")).ToContainTextAsync("Paused by hub");
        await Expect(Row(window, "paused <b>key</b>")).ToContainTextAsync("until ");
        await Expect(Row(window, "refused")).ToContainTextAsync("Refused by hub");
        await Expect(Row(window, "spent")).ToContainTextAsync("Spend limit reached");
        await Expect(window.Page.Locator(".page-sub")).ToContainTextAsync("1 key held back by its hub · 2 keys refused or failing");
        await window.Page.Locator(".choice select").Last.SelectOptionAsync(new SelectOptionValue { Label = "Held back by hub" });
        await Expect(window.Page.Locator("tr[data-row]")).ToHaveCountAsync(1);
        await window.Page.Locator(".choice select").Last.SelectOptionAsync(new SelectOptionValue { Label = "Refused or failing" });
        await Expect(window.Page.Locator("tr[data-row]")).ToHaveCountAsync(2);
        await window.Page.Locator(".choice select").Last.SelectOptionAsync(new SelectOptionValue { Label = "Held back by hub" });
        foreach (var (name, state) in (IEnumerable<(string, string)>)[("paused%20%3Cb%3Ekey%3C%2Fb%3E", "paused"), ("refused", "refused"), ("spent", "spend_limit")])
            Assert.Equal(state, (await keypace.Api.GetAsync($"/v1/api-keys/{name}")).MustBe(200)["state"].GetString());
        await window.Link("paused <b>key</b>").ClickAsync();
        await Expect(window.Page.Locator(".key-notice")).ToContainTextAsync("Paused by");
        Assert.Empty(window.Complaints);

        // What a hub said of a key is known after a restart, and goes with the secret that it was said of.
        await keypace.ServeAsync();
        var refused = (await keypace.Api.GetAsync("/v1/api-keys/refused")).MustBe(200);
        Assert.Equal("refused", refused["state"].GetString());
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, refused["notice"].ValueKind);
        await window.GoToAsync($"/key/{refused["id"].GetString()}");
        await Expect(window.Page.Locator(".key-notice")).ToContainTextAsync("Refused by hub");
        await window.Button("Replace the secret").ClickAsync();
        await window.Field("API key").FillAsync("sk-test-not-a-real-key-0011");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Page.Locator(".key-notice")).ToHaveCountAsync(0);
        Assert.Equal("active", (await keypace.Api.GetAsync("/v1/api-keys/refused")).MustBe(200)["state"].GetString());
    }

    private static ILocator Row(Window window, string name) =>
        window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { Has = window.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true }) });
}
