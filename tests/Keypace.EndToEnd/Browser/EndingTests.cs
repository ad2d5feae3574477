using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>What an open page says when its session or its server ends.</summary>
[Collection(MorePages.Name)]
public sealed class EndingTests(Chromium chromium) : OnPages(chromium)
{
    [Fact]
    public async Task An_open_page_ends_with_the_token_whose_link_opened_it()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha");
        var made = (await Keypace.Api.PostAsync("/v1/access-tokens", new { name = "short", role = "admin", scopes = new[] { "manage" } })).MustBe(200);
        using var maker = new Api(Keypace.Address, made["token"].GetString());
        var link = (await maker.PostAsync("/v1/sign-in-links", new { })).MustBe(200)["url"].GetString()!;
        await using var window = await Browser.OpenAsync(Keypace.Address);
        await window.Page.GotoAsync(link);
        await window.Button("Sign in").ClickAsync();
        await window.LiveAsync();
        await window.Page.GotoAsync("/keys");
        await Expect(window.Link("alpha")).ToBeVisibleAsync();
        await window.Page.GotoAsync("/keys?q=al");
        await Expect(window.Page.Locator(".live").First).ToBeVisibleAsync();
        (await Keypace.Api.DeleteAsync($"/v1/access-tokens/{made["id"].GetString()}")).MustBe(200);
        await Expect(window.Page.GetByText("Your session ended.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator(".live").First).ToBeHiddenAsync();
        await PictureAsync(window, "session-ended");
        await window.Link("Sign in").ClickAsync();
        await window.SignInAsync(KeypaceFolder.OwnerEmail, await PasswordAsync());
        await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(@"/keys\?q=al$"));
    }

    [Fact]
    public async Task A_stop_waits_for_no_page_and_the_page_says_so_even_behind_a_dialog()
    {
        await Keypace.StoreKeyAsync(Hub, "alpha");
        await using var window = await OpenAsync("/keys");
        await using var other = await OpenAsync("/");
        await window.Button("Add new key").ClickAsync();
        await Expect(window.Field("Name")).ToBeFocusedAsync();
        var began = TimeProvider.System.GetTimestamp();
        await Keypace.Process.StopAsync();
        // The promise is two seconds; a busy machine may take longer, but pages are no reason to wait for the half minute that queries have.
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 20);
        await Expect(window.Dialog.GetByText("The server is not answering.")).ToBeVisibleAsync();
        await Expect(other.Page.GetByText("The server is not answering.")).ToBeVisibleAsync();
        await Expect(other.Page.Locator(".live").First).ToBeHiddenAsync();
        await PictureAsync(other, "stopped");
        await PictureAsync(window, "stopped-dialog");
    }

    private static async Task PictureAsync(Window window, string name)
    {
        if (Environment.GetEnvironmentVariable("KEYPACE_TEST_PICTURES") is not { Length: > 0 } folder)
            return;
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await window.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{scheme}.png") });
        }
    }
}
