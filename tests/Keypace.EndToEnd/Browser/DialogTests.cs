using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>Nothing that somebody typed, and nothing that is shown once, is lost by a key that was pressed once too often.</summary>
[Collection(Pages.Name)]
public sealed class DialogTests(Chromium chromium) : OnPages(chromium)
{
    [Theory]
    [InlineData("/keys", "Add new key", "Name")]
    [InlineData("/agents", "Add agent", "Name")]
    [InlineData("/tokens", "Make token", "Name")]
    public async Task Escape_never_throws_away_what_was_typed_and_Enter_saves_nothing_unasked(string path, string button, string field)
    {
        await Keypace.StoreKeyAsync(Hub, "stored");
        await using var window = await OpenAsync(path);
        var posts = 0;
        window.Page.Request += (_, request) => posts += request.Method == "POST" ? 1 : 0;
        await window.Button(button).First.ClickAsync();
        await window.Field(field).FillAsync("typed");
        var keys = window.Page.Keyboard;
        foreach (var answer in (string[])["Escape", "Enter"])
        {
            await keys.PressAsync("Escape");
            await Expect(window.Button("Keep editing")).ToBeFocusedAsync();
            await keys.PressAsync(answer);
            await Expect(window.Button("Keep editing")).ToHaveCountAsync(0);
            await Expect(window.Field(field)).ToHaveValueAsync("typed");
            await Expect(window.Field(field)).ToBeFocusedAsync();
        }

        // A form that came back after a restart is as dear as one that is being typed.
        await window.Page.ReloadAsync();
        await Expect(window.Field(field)).ToHaveValueAsync("typed");
        await window.LiveAsync();
        await keys.PressAsync("Escape");
        await Expect(window.Button("Keep editing")).ToBeFocusedAsync();
        Assert.Equal(0, posts);
        await window.Button("Discard").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await window.Page.ReloadAsync();
        await window.LiveAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_token_that_is_shown_once_stays_through_every_Escape()
    {
        await using var window = await OpenAsync("/tokens");
        await window.Button("Make token").First.ClickAsync();
        await window.Field("Name").FillAsync("once");
        await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Make token" }).ClickAsync();
        await Expect(window.Field("Access token")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^kpa_"));   // the page puts it in a moment after the dialog opened
        var token = await window.Field("Access token").TextContentAsync();
        for (var press = 0; press < 3; press++)
            await window.Page.Keyboard.PressAsync("Escape");
        await Expect(window.Field("Access token")).ToHaveTextAsync(token!);
        await window.Button("I have stored it").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_said_whole_and_the_name_stays_to_be_mended()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha");
        await Keypace.StoreKeyAsync(Hub.Address, "sk-test-not-a-real-key-0010", "beta", null);
        await using var window = await OpenAsync("/keys");
        await window.Link("beta").FocusAsync();
        await window.Page.Keyboard.PressAsync("F2");
        await window.Field("New name of beta").FillAsync("alpha");
        await window.Page.Keyboard.PressAsync("Enter");
        var error = window.Page.Locator(".renaming .field-error");
        await Expect(error).ToContainTextAsync("already exists");
        Assert.True(await error.EvaluateAsync<bool>("""
            element => { const box = element.getBoundingClientRect(); const top = document.elementFromPoint(box.left + box.width / 2, box.bottom - 4);
              return element.scrollWidth <= element.clientWidth + 1 && element.contains(top); }
            """), "the reason is cut or covered");
        await Expect(window.Field("New name of beta")).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("Escape");
        await Expect(window.Link("beta")).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("F2");
        await window.Field("New name of beta").FillAsync("gamma");
        await window.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Keys" }).ClickAsync();
        await Expect(window.Link("gamma")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task All_wrong_fields_are_told_at_once_and_numbers_are_taken_as_the_pages_write_them()
    {
        await using var window = await OpenAsync("/keys");
        await window.Button("Add new key").First.ClickAsync();
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Button("Test").ClickAsync();
        await Expect(window.Dialog.GetByText("Not tested")).ToBeVisibleAsync();
        await window.Field("Base URL").FillAsync($"{Hub.Address}/v1");
        await window.Field("API key").FillAsync(Hub.Options.RequiredKey!);
        await window.Field("Requests").FillAsync("many");
        await window.Field("Seconds").FillAsync("0");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("Not saved: 3 fields need a change.")).ToBeVisibleAsync();
        await Expect(window.Field("Name")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(window.Dialog.Locator("#limit-error")).ToContainTextAsync("Requests: ");
        await Expect(window.Dialog.Locator("#limit-error")).ToContainTextAsync("Seconds: ");
        await window.Field("Name").FillAsync("large");
        await window.Field("Requests").FillAsync("1,000");
        await window.Field("Seconds").FillAsync("60");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await Expect(window.Page.GetByText("1,000 / 60 s").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_key_that_agents_use_is_not_disabled_before_they_are_named()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "busy");
        (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "helper", model_name = "m", api_key_id = id })).MustBe(200);
        await using var window = await OpenAsync($"/key/{id}");
        await window.Button("Disable").ClickAsync();
        await Expect(window.Dialog).ToContainTextAsync("helper");
        Assert.Equal("active", (await Keypace.Api.GetAsync($"/v1/api-keys/{id}")).MustBe(200)["status"].GetString());
        await window.Button("Disable key").ClickAsync();
        await Expect(window.Button("Enable")).ToBeVisibleAsync();
        await window.Button("Undo").ClickAsync();
        await Expect(window.Button("Disable")).ToBeVisibleAsync();
    }
}
