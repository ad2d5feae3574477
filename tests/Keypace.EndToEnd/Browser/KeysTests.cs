using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>The list of keys and what is done from it, in a real browser.</summary>
[Collection(Pages.Name)]
public sealed class KeysTests(Chromium chromium) : OnPages(chromium)
{
    [Fact]
    public async Task A_key_is_added_tested_and_saved_and_its_secret_is_in_one_request_only()
    {
        await using var window = await OpenAsync("/keys");
        var secret = Hub.Options.RequiredKey!;
        await window.Page.Keyboard.PressAsync("n");
        await Expect(window.Dialog.GetByRole(AriaRole.Heading, new LocatorGetByRoleOptions { Name = "Add new key" })).ToBeVisibleAsync();
        await window.Field("Name").FillAsync("lab <b>bold</b>");
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Field("API key").PressSequentiallyAsync(secret);
        await window.Field("Requests").FillAsync("50");
        await window.Field("Seconds").FillAsync("10");
        await Expect(window.Field("API key")).ToHaveAttributeAsync("type", "password");
        await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Test", Exact = true }).ClickAsync();
        await Expect(window.Dialog.GetByText("accepts this key")).ToBeVisibleAsync();
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);

        var row = window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "lab <b>bold</b>" });
        await Expect(row).ToContainTextAsync("50 / 10 s");
        await Expect(row).ToContainTextAsync("Active");
        Secrets.MustBeAbsent(await window.Page.ContentAsync(), secret, "the page");
        foreach (var piece in window.Wire)
            Secrets.MustBeAbsent(piece, secret, "what crossed the wire");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task What_the_routes_refuse_stands_at_its_field_and_nothing_is_lost()
    {
        await Keypace.StoreKeyAsync(Hub, "taken");
        await using var window = await OpenAsync("/keys");
        await window.Button("Add new key").ClickAsync();
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Field("API key").FillAsync("sk-test-not-a-real-key-0001");
        await window.Field("Requests").FillAsync("many");
        await window.Field("Seconds").FillAsync("0");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("This is a whole number, not in quotes.")).ToBeVisibleAsync();
        await Expect(window.Field("Requests")).ToHaveValueAsync("many");
        await Expect(window.Field("API key")).ToHaveValueAsync("sk-test-not-a-real-key-0001");

        await window.Field("Name").FillAsync("Taken");
        await window.Field("Requests").FillAsync("5");
        await window.Field("Seconds").FillAsync("10");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("already exists")).ToBeVisibleAsync();
        await Expect(window.Field("Name")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_key_is_renamed_disabled_and_deleted_with_a_way_back()
    {
        await Keypace.StoreKeyAsync(Hub, "first");
        await using var window = await OpenAsync("/keys");
        var link = window.Link("first");
        await link.FocusAsync();
        await window.Page.Keyboard.PressAsync("F2");
        await window.Field("New name of first").FillAsync("second");
        await window.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Link("second")).ToBeVisibleAsync();

        await ChooseAsync(window, "second", "Disable");
        await Expect(Row(window, "second")).ToContainTextAsync("Disabled");
        await window.Button("Undo").Last.ClickAsync();
        await Expect(Row(window, "second")).ToContainTextAsync("Active");

        await ChooseAsync(window, "second", "Delete");
        await window.Button("Delete key").ClickAsync();
        await Expect(window.Link("second")).ToHaveCountAsync(0);
        await window.Button("Undo").Last.ClickAsync();
        await Expect(window.Link("second")).ToBeVisibleAsync();
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_key_that_agents_use_is_deleted_by_its_name_or_after_they_moved()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "busy");
        await Keypace.StoreKeyAsync(Hub.Address, "sk-test-not-a-real-key-0002", "other", null);
        (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "helper", model_name = "m", api_key_id = id })).MustBe(200);
        await using var window = await OpenAsync("/keys");
        await ChooseAsync(window, "busy", "Delete");
        await Expect(window.Dialog).ToContainTextAsync("helper");
        await Expect(window.Button("Delete key")).ToBeDisabledAsync();
        await window.Field("Type busy to delete it").FillAsync("busy");
        await Expect(window.Button("Delete key")).ToBeEnabledAsync();
        await window.Field("Type busy to delete it").FillAsync("bus");
        await window.Button("Move agents to…").ClickAsync();
        await window.Field("Move agents to").SelectOptionAsync(new SelectOptionValue { Label = "other" });
        await window.Button("Move").ClickAsync();
        await Expect(window.Button("Delete key")).ToBeEnabledAsync();
        var agents = (await Keypace.Api.GetAsync("/v1/agent-configurations")).MustBe(200)["results"];
        Assert.NotEqual(id, agents[0].GetProperty("api_key_id").GetString());
    }

    [Fact]
    public async Task The_second_of_two_who_edit_a_key_sees_what_differs()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "shared", new HubLimit(60, 10));
        await using var window = await OpenAsync("/keys");
        await ChooseAsync(window, "shared", "Edit");
        await window.Field("Requests").FillAsync("70");
        (await Keypace.Api.PutAsync($"/v1/api-keys/{id}", new { name = "shared by two" })).MustBe(200);
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("changed this key meanwhile")).ToBeVisibleAsync();
        await Expect(window.Dialog.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "Name" })).ToContainTextAsync("shared by two");
        await window.Button("Save my changes over theirs").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        var key = (await Keypace.Api.GetAsync($"/v1/api-keys/{id}")).MustBe(200);
        Assert.Equal(("shared by two", 70), (key["name"].GetString(), key["rate_limit_per_interval"].GetInt32()));
    }

    [Fact]
    public async Task Search_filter_and_order_are_in_the_address()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha");
        await Keypace.StoreKeyAsync(Hub.Address, "sk-test-not-a-real-key-0003", "beta", null);
        await using var window = await OpenAsync("/keys");
        await window.Page.Keyboard.PressAsync("/");
        await Expect(window.Field("Search")).ToBeFocusedAsync();
        await window.Page.Keyboard.TypeAsync("bet");
        await Expect(window.Link("alpha")).ToHaveCountAsync(0);
        await Expect(window.Link("beta")).ToBeVisibleAsync();
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=bet"));
        await window.Field("Search").FillAsync("zeta");
        await Expect(window.Page.GetByText("Nothing matches “zeta”")).ToBeVisibleAsync();
        await window.Button("Clear search").ClickAsync();
        await window.Button("Name").ClickAsync();
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("sort=-name"));
        await Expect(window.Page.Locator("tbody tr a[data-main]").First).ToHaveTextAsync("beta");
        await window.Page.ReloadAsync();
        await Expect(window.Page.Locator("tbody tr a[data-main]").First).ToHaveTextAsync("beta");
        await Expect(window.Page.GetByRole(AriaRole.Columnheader, new PageGetByRoleOptions { Name = "Name" })).ToHaveAttributeAsync("aria-sort", "descending");
    }

    [Fact]
    public async Task A_half_filled_form_comes_back_after_the_server_and_after_the_session()
    {
        await using var window = await OpenAsync("/keys");
        await window.Button("Add new key").First.ClickAsync();
        await window.Field("Name").FillAsync("half");
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("API key").FillAsync("sk-test-not-a-real-key-0004");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await Keypace.ServeAsync();
        await Expect(window.Field("Base URL")).ToHaveValueAsync($"{Hub.Address}/v1");
        await Expect(window.Field("Name")).ToHaveValueAsync("half");
        await Expect(window.Field("API key")).ToHaveValueAsync("");

        // Another window of the same browser signs out.
        await window.LiveAsync();
        var other = await window.Page.Context.NewPageAsync();
        await other.GotoAsync("/keys");
        await other.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();
        await Expect(other.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign in" })).ToBeVisibleAsync();
        await Expect(window.Dialog.GetByText("Your session ended.")).ToBeVisibleAsync();   // where it can be seen: the page lies under the dialog
    }

    [Fact]
    public async Task A_half_made_change_comes_back_and_knows_what_it_began_with()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "shared", new HubLimit(60, 10));
        (await Keypace.Api.PutAsync($"/v1/api-keys/{id}", new { limits = new[] { new { dimension = "requests", limit = 500, calendar_zone = "Europe/Berlin" } } })).MustBe(200);
        await using var window = await OpenAsync($"/key/{id}");
        await window.Button("Edit").First.ClickAsync();
        await window.Field("Requests").FillAsync("70");
        await window.Field("API key").FillAsync("sk-test-not-a-real-key-0007");
        await Keypace.ServeAsync();
        (await Keypace.Api.PutAsync($"/v1/api-keys/{id}", new { name = "shared by two" })).MustBe(200);
        await Expect(window.Dialog.GetByText("Edit shared", new LocatorGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Expect(window.Field("Requests")).ToHaveValueAsync("70");
        await Expect(window.Field("API key")).ToHaveValueAsync("");

        await window.LiveAsync();
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("changed this key meanwhile")).ToBeVisibleAsync();
        await window.Button("Save my changes over theirs").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        var key = (await Keypace.Api.GetAsync($"/v1/api-keys/{id}")).MustBe(200);
        Assert.Equal(("shared by two", 70), (key["name"].GetString(), key["rate_limit_per_interval"].GetInt32()));
        Assert.Equal("Europe/Berlin", key["limits"][0].GetProperty("calendar_zone").GetString());

        await window.Page.ReloadAsync();
        await window.LiveAsync();
        await Expect(window.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "shared by two" })).ToBeVisibleAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);   // what is saved does not come back
    }

    [Fact]
    public async Task One_key_shows_its_limit_who_waits_and_what_went_through()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "paced", new HubLimit(3, 20));
        await using var window = await OpenAsync("/keys");
        using var leave = new CancellationTokenSource();
        var waiting = Task.WhenAll(Enumerable.Range(0, 8).Select(one => QuietlyAsync(Keypace.Api.OpenAsync(
            "/v1/chat/completions", Api.Chat("pretend-large"), "paced", leave.Token, ("x-keypace-caller", one % 2 == 0 ? "alice" : "<i>bob</i>")))));
        var row = Row(window, "paced");
        await Expect(row.GetByRole(AriaRole.Meter)).ToHaveAttributeAsync("aria-valuetext", "3 of 3 used, 5 waiting");
        await window.Link("paced").ClickAsync();
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex($"/key/{id}$"));
        await Expect(window.Page.GetByText("5 waiting")).ToBeAttachedAsync();
        var queue = window.Page.Locator(".callers tbody tr");
        await Expect(queue).ToHaveCountAsync(2);
        await Expect(queue.Filter(new LocatorFilterOptions { HasText = "<i>bob</i>" })).ToContainTextAsync("in ");
        await Expect(window.Page.Locator(".queries tbody tr")).ToHaveCountAsync(3);
        await Expect(window.Page.Locator(".history")).ToContainTextAsync("Created");
        await leave.CancelAsync();
        await waiting;
        Assert.Empty(window.Complaints);
    }

    private static ILocator Row(Window window, string name) =>
        window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { Has = window.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true }) });

    private static async Task ChooseAsync(Window window, string key, string item)
    {
        await Row(window, key).GetByLabel($"Menu of {key}").ClickAsync();
        await Row(window, key).GetByRole(AriaRole.Menuitem, new LocatorGetByRoleOptions { Name = item, Exact = true }).ClickAsync();
    }

    /// <summary>A query whose caller leaves before its turn.</summary>
    private static async Task QuietlyAsync(Task<HttpResponseMessage> query)
    {
        try
        {
            (await query).Dispose();
        }
        catch (OperationCanceledException)
        {
            // That was the point.
        }
    }
}
