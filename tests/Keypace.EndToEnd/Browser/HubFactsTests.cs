using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>What pages say of a hub's limits: how sure a default is, and what the hub's own headers report.</summary>
[Collection(MorePages.Name)]
public sealed class HubFactsTests(Chromium chromium)
{
    [Fact]
    public async Task A_default_says_how_sure_it_is_and_a_key_what_its_hub_reports()
    {
        await using var hub = await NativeHub.StartAsync(_ => NativeReply.Json(200, """{"id":"c","object":"chat.completion","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}""",
            ("x-ratelimit-limit-requests", "5000"), ("x-ratelimit-remaining-requests", "4999"), ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-limit-tokens", "1000000"), ("x-ratelimit-remaining-tokens", "999000")));
        await using var keypace = await RunningKeypace.StartAsync();
        var id = (await keypace.Api.PostAsync("/v1/api-keys", new { name = "reported", hub = "openai", value = Secrets.New(), url = hub.Address + "/v1" })).MustBe(200)["id"].GetString();
        (await keypace.Api.ChatAsync("reported")).MustBe(200);
        (await keypace.Api.PutAsync("/v1/hubs/mistral", new { rate_limit_per_interval = 7, rate_limit_interval = 11 })).MustBe(200);
        await using var window = await chromium.OpenAsync(keypace.Address);
        await window.Page.GotoAsync($"/key/{id}");
        await window.SignInAsync(KeypaceFolder.OwnerEmail, (await File.ReadAllTextAsync(keypace.Folder.PasswordFile)).Trim());
        await window.LiveAsync();

        var reported = window.Page.Locator(".reported");
        await Expect(reported.GetByRole(AriaRole.Heading)).ToHaveTextAsync("What OpenAI reports");
        await Expect(reported.GetByRole(AriaRole.Listitem).Nth(0)).ToContainTextAsync("Requests / 60 s");
        await Expect(reported.GetByRole(AriaRole.Listitem).Nth(0)).ToContainTextAsync("4,999 of 5,000 left");
        await Expect(reported.GetByRole(AriaRole.Listitem).Nth(0)).ToContainTextAsync("whole again in");
        await Expect(reported.GetByRole(AriaRole.Listitem).Nth(1)).ToContainTextAsync("999,000 of 1,000,000 left");
        await Expect(window.Page.Locator(".facts")).ToContainTextAsync("OpenAI's default, confidence: high");
        await SaveAsync(window, "reported");

        await window.Page.SetViewportSizeAsync(390, 844);
        Assert.True(await window.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "the page is wider than a phone");
        await SaveAsync(window, "reported-390");
        await window.Page.SetViewportSizeAsync(1280, 900);

        await window.Page.GotoAsync("/keys");
        await window.LiveAsync();
        await window.Button("Add new key").ClickAsync();
        await window.Field("Model hub").SelectOptionAsync("together");
        await Expect(window.Dialog.Locator("#limit-hint")).ToContainTextAsync("How sure this is: low");
        await SaveAsync(window, "confidence-low");
        await window.Field("Model hub").SelectOptionAsync("mistral");
        await Expect(window.Dialog.Locator("#limit-hint")).ToContainTextAsync("Your team's default for Mistral AI: 7 per 11 s. The hub's own: 1 per 1 s");
        await Expect(window.Field("Requests")).ToHaveValueAsync("7");
        await SaveAsync(window, "confidence-team");
        Assert.Empty(window.Complaints);
    }

    private static async Task SaveAsync(Window window, string name)
    {
        if (Environment.GetEnvironmentVariable("KEYPACE_PICTURES") is { Length: > 0 } folder)
            await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
    }
}
