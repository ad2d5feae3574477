using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>Default limits on the Settings page, and what a key can be told beside its rate limit.</summary>
[Collection(MorePages.Name)]
public sealed class SettingsTests(Chromium chromium) : OnPages(chromium)
{
    [Fact]
    public async Task The_guard_and_a_teams_default_limit_are_set_and_new_keys_begin_with_it()
    {
        await using var window = await OpenAsync("/settings");
        await window.Field("Guard in milliseconds").FillAsync("5001");
        await window.Button("Save guard").ClickAsync();
        await Expect(window.Page.GetByText("between 0 and 5,000")).ToBeVisibleAsync();
        await window.Field("Guard in milliseconds").FillAsync("120");
        await window.Button("Save guard").ClickAsync();
        await Expect(window.Page.GetByText("Set here by your team.")).ToBeVisibleAsync();
        Assert.Contains("\"120\",\"source\":\"team\"", (await Keypace.Api.GetAsync("/v1/settings")).MustBe(200).Text, StringComparison.Ordinal);
        await window.Button("Back to the server's own").ClickAsync();
        await Expect(window.Field("Guard in milliseconds")).ToHaveValueAsync("50");
        var row = window.Page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "OpenAI" }).First;
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await window.Field("Requests").FillAsync("0");
        await window.Button("Save limit").ClickAsync();
        await Expect(window.Dialog.GetByText("between 1 and 1,000,000")).ToBeVisibleAsync();
        await window.Field("Requests").FillAsync("77");
        await window.Field("Seconds").FillAsync("30");
        await window.Button("Save limit").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await Expect(row).ToContainTextAsync("77 / 30 s");
        await Expect(row).ToContainTextAsync("set by your team");
        var hub = (await Keypace.Api.GetAsync("/v1/hubs/openai")).MustBe(200);
        Assert.Equal((77, 30), (hub["rate_limit_per_interval"].GetInt32(), hub["rate_limit_interval"].GetInt32()));
        Assert.Contains("default_set", (await Keypace.Api.GetAsync("/v1/audit")).MustBe(200).Text, StringComparison.Ordinal);

        await window.Page.GotoAsync("/keys");
        await window.LiveAsync();
        await window.Button("Add new key").First.ClickAsync();
        await Expect(window.Field("Requests")).ToHaveValueAsync("77");
        await Expect(window.Dialog.GetByText("Your team's default for OpenAI: 77 per 30 s.")).ToBeVisibleAsync();
        await window.Button("Cancel").ClickAsync();

        await window.Page.GotoAsync("/settings");
        await window.LiveAsync();
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await window.Button("Back to the hub's own").ClickAsync();
        await Expect(row).Not.ToContainTextAsync("set by your team");
        Assert.Empty(window.Complaints);
    }

    [Fact]
    public async Task A_key_takes_further_limits_and_joins_a_rate_group()
    {
        var first = await Keypace.StoreKeyAsync("http://127.0.0.1:9", "sk-test-not-a-real-key-0001", "first", new HubLimit(10, 60));
        await Keypace.StoreKeyAsync("http://127.0.0.1:9", "sk-test-not-a-real-key-0002", "second", new HubLimit(20, 60));
        await using var window = await OpenAsync($"/key/{first}");
        await window.Button("Edit").ClickAsync();
        await window.Dialog.Locator("summary").ClickAsync();
        await window.Button("Add a limit").ClickAsync();
        await window.Field("Limit 1, at most").FillAsync("lots");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog.GetByText("This is a whole number, not in quotes.")).ToBeVisibleAsync();
        await window.Field("Limit 1, at most").FillAsync("90000");
        await window.Button("Add a limit").ClickAsync();
        await window.Field("Limit 2, of").SelectOptionAsync("requests");
        await window.Field("Limit 2, at most").FillAsync("5000");
        await window.Field("Limit 2, seconds").FillAsync("86400");
        await window.Field("Limit 2, only for model").FillAsync("large <b>");
        await window.Field("Rate group").SelectOptionAsync(new SelectOptionValue { Label = "With second" });
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await Expect(window.Page.Locator(".facts")).ToContainTextAsync("first, second");

        var key = (await Keypace.Api.GetAsync($"/v1/api-keys/{first}")).MustBe(200);
        var limits = key["limits"].EnumerateArray().Select(limit => (limit.GetProperty("dimension").GetString(), limit.GetProperty("limit").GetInt32(), limit.GetProperty("interval_seconds").GetInt32()));
        Assert.Equal([("tokens", 90_000, 60), ("requests", 5_000, 86_400)], limits);
        Assert.Equal("large <b>", key["limits"][1].GetProperty("model").GetString());

        await window.Button("Edit").ClickAsync();
        await window.Dialog.Locator("summary").ClickAsync();
        await window.Button("Take away limit 1").ClickAsync();
        await window.Field("Rate group").SelectOptionAsync("own");
        await window.Button("Save key").ClickAsync();
        await Expect(window.Dialog).ToHaveCountAsync(0);
        await Expect(window.Page.Locator(".facts")).ToContainTextAsync("This key alone");
        Assert.Equal(1, (await Keypace.Api.GetAsync($"/v1/api-keys/{first}")).MustBe(200)["limits"].GetArrayLength());
        Assert.Single(window.Complaints);   // the browser's own note of the 422
    }
}
