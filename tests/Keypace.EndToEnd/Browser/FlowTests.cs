using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>What runs across pages: the keyboard alone, a session that ends, two people at one agent, records and their downloads.</summary>
[Collection(Pages.Name)]
public sealed class FlowTests(Chromium chromium) : OnPages(chromium)
{
    [Fact]
    public async Task A_key_is_added_found_opened_and_asked_with_the_keyboard_alone()
    {
        await using var window = await OpenAsync("/");
        var keys = window.Page.Keyboard;
        await keys.PressAsync("g");
        await keys.PressAsync("k");
        await Expect(window.Page.GetByText("No keys yet")).ToBeVisibleAsync();
        await keys.PressAsync("n");
        await Expect(window.Field("Name")).ToBeFocusedAsync();
        await keys.TypeAsync("by hand");
        await keys.PressAsync("Tab");
        await Expect(window.Field("Model hub")).ToBeFocusedAsync();
        await keys.TypeAsync("Custom");
        await Expect(window.Field("Base URL")).ToBeVisibleAsync();
        await TabToAsync(window, window.Field("Base URL"));
        await keys.TypeAsync($"{Hub.Address}/v1");
        await TabToAsync(window, window.Field("API key"));
        await keys.TypeAsync(Hub.Options.RequiredKey!);
        await TabToAsync(window, window.Field("Requests"));
        await keys.TypeAsync("40");
        await keys.PressAsync("Enter");
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await Expect(window.Link("by hand")).ToBeVisibleAsync();

        // The dialog asks before it throws away what was typed, and does nothing else on Escape.
        await keys.PressAsync("n");
        await Expect(window.Field("Name")).ToBeFocusedAsync();
        await keys.TypeAsync("not kept");
        await keys.PressAsync("Escape");
        await Expect(window.Page.GetByText("Discard what you typed?")).ToBeVisibleAsync();
        await Expect(window.Button("Keep editing")).ToBeFocusedAsync();
        await keys.PressAsync("Tab");
        await keys.PressAsync("Enter");
        await Expect(window.Dialog).ToHaveCountAsync(0);

        await keys.PressAsync("/");
        await keys.TypeAsync("hand");
        await TabToAsync(window, window.Link("by hand"));
        await keys.PressAsync("Enter");
        await Expect(window.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "by hand" })).ToBeVisibleAsync();
        await keys.PressAsync("?");
        await Expect(window.Dialog.GetByText("Rename the row that has the focus")).ToBeVisibleAsync();
        await keys.PressAsync("Escape");

        await keys.PressAsync("g");
        await keys.PressAsync("p");
        await Expect(window.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Playground" })).ToBeFocusedAsync();   // a Tab before that would be undone
        await TabToAsync(window, window.Field("Model"));
        await keys.TypeAsync("pretend-large");
        await TabToAsync(window, window.Field("Message"), backwards: true);
        await keys.TypeAsync("Is anybody there?");
        await keys.PressAsync("Control+Enter");
        await Expect(window.Page.Locator(".turn-facts").First).ToContainTextAsync("Tokens");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_session_that_ends_says_so_and_leads_back_to_the_same_page_and_form()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha");
        await using var window = await OpenAsync("/keys?q=al&sort=-name");
        await window.Button("Add new key").ClickAsync();
        await window.Field("Name").FillAsync("half");
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Field("API key").FillAsync("sk-test-not-a-real-key-0005");
        var other = await window.Page.Context.NewPageAsync();
        await other.GotoAsync("/settings");
        await Expect(other.Locator("html.connected")).ToHaveCountAsync(1);   // what was drawn before is replaced then, also under a pointer that is down
        await other.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();
        await Expect(other.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" })).ToBeVisibleAsync();
        await other.CloseAsync();

        await Expect(window.Dialog.GetByText("Your session ended.")).ToBeVisibleAsync();
        await window.Dialog.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Sign in" }).ClickAsync();
        await window.SignInAsync(KeypaceFolder.OwnerEmail, await PasswordAsync());
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(@"/keys\?q=al&sort=-name$"));
        await Expect(window.Field("Base URL")).ToHaveValueAsync($"{Hub.Address}/v1");
        await Expect(window.Field("Name")).ToHaveValueAsync("half");
        await Expect(window.Field("API key")).ToHaveValueAsync("");
    }

    [Fact]
    public async Task The_second_of_two_who_edit_an_agent_sees_what_differs()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "stored");
        var agent = (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "judge", model_name = "small", api_key_id = id })).MustBe(200)["id"].GetString();
        await using var window = await OpenAsync("/agents");
        await window.Link("judge").ClickAsync();
        await window.Field("Model").FillAsync("medium");
        (await Keypace.Api.PutAsync($"/v1/agent-configurations/{agent}", new { agent_name = "judge <b>two</b>" })).MustBe(200);
        await window.Button("Save agent").ClickAsync();
        await Expect(window.Dialog.GetByText("changed this agent meanwhile")).ToBeVisibleAsync();
        await Expect(window.Dialog.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "judge <b>two</b>" })).ToBeVisibleAsync();
        await window.Button("Save my changes over theirs").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        var after = (await Keypace.Api.GetAsync($"/v1/agent-configurations/{agent}")).MustBe(200);
        Assert.Equal(("judge <b>two</b>", "medium"), (after["agent_name"].GetString(), after["model_name"].GetString()));
    }

    [Fact]
    public async Task An_order_stays_while_figures_change_and_records_are_found_and_downloaded()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha", new HubLimit(100, 600));
        await Keypace.StoreKeyAsync(Hub.Address, "sk-test-not-a-real-key-0006", "beta", new HubLimit(10, 600));
        var busy = await Keypace.StoreKeyAsync(Hub.Address, Hub.Options.RequiredKey! + "x", "=cmd", new HubLimit(1000, 600));
        await using var window = await OpenAsync("/keys?sort=-used");
        var names = window.Page.Locator("tbody tr a[data-main]");
        await Expect(names).ToHaveTextAsync(["=cmd", "alpha", "beta"]);
        for (var query = 0; query < 5; query++)
            (await Keypace.Api.ChatAsync("alpha")).MustBe(200);
        await Expect(window.Page.GetByLabel("Used now, alpha")).ToHaveAttributeAsync("aria-valuetext", "5 of 100 used, 0 waiting");
        await Expect(names).ToHaveTextAsync(["=cmd", "alpha", "beta"]);
        await window.Button("Used now").ClickAsync();
        await Expect(names).ToHaveTextAsync(["=cmd", "beta", "alpha"]);
        await window.Button("Used now").ClickAsync();
        await Expect(names).ToHaveTextAsync(["alpha", "=cmd", "beta"]);

        await Keypace.Api.ChatAsync("=cmd");   // the hub refuses it, which counts as a query
        await window.Page.GotoAsync("/usage");
        await Expect(window.Link("alpha")).ToBeVisibleAsync();
        await Expect(window.Page.Locator(".usage tbody tr")).ToHaveCountAsync(2);
        var download = await window.Page.RunAndWaitForDownloadAsync(() => window.Button("CSV").ClickAsync());
        var text = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.StartsWith("key,name,queries,sent,", text, StringComparison.Ordinal);
        Assert.Contains("\"alpha\",5,5,0,", text, StringComparison.Ordinal);
        Assert.Contains("\"'=cmd\"", text, StringComparison.Ordinal);

        for (var change = 0; change < 110; change++)
            (await Keypace.Api.PutAsync($"/v1/api-keys/{busy}", new { rate_limit_per_interval = 1001 + change })).MustBe(200);
        await window.Page.GotoAsync("/audit?about=api_key");
        var records = window.Page.Locator(".audit tbody tr");
        await window.Button("Show older records").ClickAsync();
        await Expect(records).ToHaveCountAsync(113);
        await window.Page.Keyboard.PressAsync("/");
        await window.Page.Keyboard.TypeAsync("beta");
        await Expect(records).ToHaveCountAsync(1);
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=beta"));
        await window.Page.Locator(".choice select").SelectOptionAsync("agent");
        await Expect(window.Page.GetByText("No record fits")).ToBeVisibleAsync();
        Assert.Empty(window.Complaints);
    }

    /// <summary>Presses Tab until the field has the focus, and sees at every stop where the focus is.</summary>
    private static async Task TabToAsync(Window window, ILocator field, bool backwards = false)
    {
        for (var stop = 0; stop < 60; stop++)
        {
            await window.Page.Keyboard.PressAsync(backwards ? "Shift+Tab" : "Tab");
            // A ring on it, or on the frame around it.
            var isSeen = await window.Page.EvaluateAsync<bool>("""
                () => { for (let at = document.activeElement, up = 0; at && up < 3; at = at.parentElement, up++) {
                  const style = getComputedStyle(at); if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) return true; }
                  return document.activeElement === document.body; }
                """);
            Assert.True(isSeen, "Nothing shows where the focus is: " + await window.Page.EvaluateAsync<string>("document.activeElement.outerHTML.slice(0, 200)"));
            if (await field.EvaluateAsync<bool>("element => element === document.activeElement"))
                return;
        }

        Assert.Fail($"Sixty steps do not lead to {field}.");
    }
}
