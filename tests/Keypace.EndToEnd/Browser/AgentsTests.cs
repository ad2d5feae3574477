using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>Agents, tokens and the playground, in a real browser.</summary>
[Collection(Pages.Name)]
public sealed class AgentsTests(Chromium chromium) : OnPages(chromium)
{
    [Fact]
    public async Task An_agent_and_its_new_key_are_saved_together_or_neither()
    {
        await using var window = await OpenAsync("/agents");
        var secret = Hub.Options.RequiredKey!;
        await window.Button("Add agent").ClickAsync();
        await window.Field("Name").FillAsync("judge <img src=x>");
        await window.Field("Model").FillAsync("pretend-large");
        await window.Field("New key").CheckAsync();
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("API key").PressSequentiallyAsync(secret);
        await window.Field("Requests").FillAsync("0");
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Button("Save agent and key").ClickAsync();
        await Expect(window.Dialog.Locator(".field-error:not([hidden])")).ToHaveCountAsync(1);
        Assert.Equal(0, (await Keypace.Api.GetAsync("/v1/api-keys")).MustBe(200).Json.GetArrayLength());
        await Expect(window.Field("API key")).ToHaveValueAsync(secret);

        await window.Field("Requests").FillAsync("30");
        await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Test", Exact = true }).ClickAsync();
        await Expect(window.Dialog.GetByText("accepts this key")).ToBeVisibleAsync();
        await window.Button("Save agent and key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        var row = window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "judge <img src=x>" });
        await Expect(row).ToContainTextAsync("pretend-large");
        await Expect(row).ToContainTextAsync("Active");
        var key = (await Keypace.Api.GetAsync("/v1/api-keys")).MustBe(200).Json[0];
        Assert.Equal((30, 60), (key.GetProperty("rate_limit_per_interval").GetInt32(), key.GetProperty("rate_limit_interval").GetInt32()));
        Secrets.MustBeAbsent(await window.Page.ContentAsync(), secret, "the page");
        foreach (var piece in window.Wire)
            Secrets.MustBeAbsent(piece, secret, "what crossed the wire");
        Assert.Single(window.Complaints);   // the browser's own note of the 422
    }

    [Fact]
    public async Task An_agent_is_edited_archived_and_brought_back()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "stored");
        await using var window = await OpenAsync("/agents");
        await window.Button("Add agent").First.ClickAsync();
        await window.Field("Name").FillAsync("helper");
        await window.Field("Model").FillAsync("pretend-large");
        await window.Field("Key").SelectOptionAsync(id);
        await window.Button("Save agent").ClickAsync();
        await window.Link("helper").ClickAsync();
        await window.Field("Model").FillAsync("pretend-small");
        await window.Button("Save agent").ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "helper" })).ToContainTextAsync("pretend-small");

        await window.Page.GetByLabel("Menu of helper").ClickAsync();
        await window.Page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Archive" }).ClickAsync();
        await Expect(window.Link("helper")).ToHaveCountAsync(0);
        await window.Page.Locator(".choice select").SelectOptionAsync("archived");
        await window.Page.GetByLabel("Menu of helper").ClickAsync();
        await window.Page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Bring back" }).ClickAsync();
        await Expect(window.Page.GetByText("No agent is archived")).ToBeVisibleAsync();
        await window.Page.Locator(".choice select").SelectOptionAsync("");
        await window.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Try helper" }).ClickAsync();
        await Expect(window.Field("Agent").Locator("option:checked")).ToHaveTextAsync("helper");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task Half_made_changes_and_tokens_come_back_on_their_own_page_only()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "stored");
        (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "judge", model_name = "small", api_key_id = id, agent_system_prompt = "Be kind." })).MustBe(200);
        await using var window = await OpenAsync("/agents");
        await window.Link("judge").ClickAsync();
        await window.Field("Model").FillAsync("large");
        await Keypace.ServeAsync();
        await Expect(window.Dialog.GetByText("Edit judge")).ToBeVisibleAsync();
        await Expect(window.Field("Model")).ToHaveValueAsync("large");
        await window.LiveAsync();

        await window.GoToAsync("/tokens");
        await window.LiveAsync();
        await window.Button("Make token").First.ClickAsync();
        await window.Field("Name").FillAsync("nightly");
        await window.Field("Role").SelectOptionAsync("viewer");
        await window.Page.GetByText("Only chosen ones").ClickAsync();
        await window.Dialog.GetByLabel("judge").CheckAsync();
        await Keypace.ServeAsync();
        await Expect(window.Field("Name")).ToHaveValueAsync("nightly");
        await Expect(window.Field("Role")).ToHaveValueAsync("viewer");
        await Expect(window.Dialog.GetByLabel("judge")).ToBeCheckedAsync();
        await Expect(window.Dialog.GetByLabel("stored")).Not.ToBeCheckedAsync();

        await window.LiveAsync();
        await window.GoToAsync("/agents");
        await Expect(window.Field("Model")).ToHaveValueAsync("large");   // left behind here, and found here
        await window.LiveAsync();
        await window.Button("Save agent").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        var agent = (await Keypace.Api.GetAsync("/v1/agent-configurations")).MustBe(200)["results"][0];
        Assert.Equal(("large", "Be kind."), (agent.GetProperty("model_name").GetString(), agent.GetProperty("agent_system_prompt").GetString()));
    }

    [Fact]
    public async Task A_token_is_shown_once_works_and_is_revoked()
    {
        await Keypace.StoreKeyAsync(Hub, "stored");
        await using var window = await OpenAsync("/tokens");
        await window.Button("Make token").ClickAsync();
        await window.Field("Name").FillAsync("bench <i>weekly</i>");
        await window.Field("Manage, as its role allows").CheckAsync();
        await window.Field("Only chosen ones").CheckAsync();
        await window.Field("stored").CheckAsync();
        await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Make token" }).ClickAsync();
        await Expect(window.Dialog).ToContainTextAsync("This is the only time the token is shown.");
        var place = window.Field("Access token");
        await Expect(place).ToContainTextAsync("kpa_");
        var token = (await place.TextContentAsync())!;
        Assert.All(window.Frames, frame => Assert.DoesNotContain(token, frame, StringComparison.Ordinal));
        await window.Page.Keyboard.PressAsync("Escape");
        await Expect(place).ToBeVisibleAsync();

        using var api = new Api(Keypace.Address, token);
        Assert.Equal(1, (await api.GetAsync("/v1/api-keys")).MustBe(200).Json.GetArrayLength());
        await Expect(window.Dialog.GetByText("Waiting for its first query")).ToBeVisibleAsync();
        (await api.ChatAsync("stored")).MustBe(200);
        await Expect(window.Dialog.GetByText("First used")).ToBeVisibleAsync();
        await window.Button("I have stored it").ClickAsync();
        await Expect(place).ToHaveCountAsync(0);
        Assert.DoesNotContain(token, await window.Page.ContentAsync(), StringComparison.Ordinal);

        await window.Button("Revoke bench <i>weekly</i>").ClickAsync();
        await window.Button("Revoke token").ClickAsync();
        await Expect(window.Button("Revoke bench <i>weekly</i>")).ToHaveCountAsync(0);
        (await api.GetAsync("/v1/api-keys")).MustBe(401);
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task The_playground_streams_counts_down_in_line_and_lets_one_leave()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "paced", new HubLimit(1, 200));   // the second query waits, also where a busy browser takes long to ask it; nobody may wait over 240 s
        await using var window = await OpenAsync($"/playground?key={id}");
        await window.Field("Model").FillAsync("pretend-large");
        await window.Field("Message").FillAsync("Is <script>alert(1)</script> text?");
        await window.Button("Send").ClickAsync();
        await Expect(window.Page.Locator(".answer").First).Not.ToBeEmptyAsync();
        await Expect(window.Page.Locator(".turn-facts").First).ToContainTextAsync("Waited");
        await Expect(window.Page.Locator(".turn-facts").First).ToContainTextAsync("Tokens");
        await Expect(window.Page.Locator(".said").First).ToHaveTextAsync("Is <script>alert(1)</script> text?");
        await Expect(window.Page.Locator(".snippet pre")).ToContainTextAsync($"{Keypace.Address}v1");
        await Expect(window.Page.Locator(".snippet pre")).ToContainTextAsync("Is <script>alert(1)</script> text?");

        await window.Field("Message").FillAsync("And again?");
        await window.Page.Keyboard.PressAsync("Control+Enter");
        await Expect(window.Page.Locator(".place-line")).ToContainTextAsync("1st in line, starts in ");
        await window.Button("Leave the line").ClickAsync();
        await Expect(window.Page.GetByText("You left the line.")).ToBeVisibleAsync();
        await Expect(window.Field("Message")).ToHaveValueAsync("And again?");
        (await Keypace.Api.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 100 })).MustBe(200);
        await window.Button("Send").ClickAsync();
        await Expect(window.Page.Locator(".turn-facts").Nth(2)).ToContainTextAsync("Waited");
        Assert.Empty(window.Complaints);
    }
}
