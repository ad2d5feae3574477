using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>From the set-up link to a signed-in owner, by clicks alone.</summary>
[Collection(Pages.Name)]
public sealed class FirstRunTests(Chromium chromium)
{
    private const string Password = "several words are easier";

    [Fact]
    public async Task The_set_up_link_makes_the_owner_and_leads_into_the_pages()
    {
        using var temporary = TemporaryFolder.Create("keypace-e2e-");
        var folder = new KeypaceFolder(temporary);
        await using var keypace = await KeypaceProcess.ServeAsync(folder, new Dictionary<string, string>());
        var link = await LinkAsync(folder);
        await using var window = await chromium.OpenAsync(keypace.Address);
        await window.Page.GotoAsync(link);

        await window.Field("Email").FillAsync("owner@example.test");
        await window.Field("Password").FillAsync("too short");
        await Expect(window.Page.GetByText("9 of at least 15 characters.")).ToBeVisibleAsync();
        await window.Field("Password").FillAsync(Password);
        await window.Field("The same again").FillAsync(Password + "?");
        await Expect(window.Page.GetByText("The two differ.")).ToBeVisibleAsync();
        await window.Field("The same again").FillAsync(Password);
        await window.Button("Become the owner").ClickAsync();
        await Expect(window.Page.GetByText("owner@example.test is the owner, and signed in here.")).ToBeVisibleAsync();
        // The token is shown this once: one press does not leave it behind.
        await window.Link("Open Keypace").ClickAsync();
        await Expect(window.Page.GetByText("The token is not copied yet")).ToBeVisibleAsync();
        await window.Link("Open Keypace").ClickAsync();
        await window.LiveAsync();

        await window.Button("Sign out").ClickAsync();
        await Expect(window.Button("Sign in")).ToBeVisibleAsync();
        await window.SignInAsync("owner@example.test", "a wrong but long password");
        await Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("No account has this");
        await window.SignInAsync("owner@example.test", Password);
        await window.LiveAsync();
        await Expect(window.Link("Keys")).ToBeVisibleAsync();
        // Signing out ends the page's connection from the server's side, and the browser's console says so.
        Assert.DoesNotContain(window.Complaints, complaint =>
            !complaint.Contains("401", StringComparison.Ordinal) && !complaint.Contains("Connection disconnected", StringComparison.Ordinal));
    }

    /// <param name="width">In pixels: a telephone, a desk.</param>
    [Theory]
    [InlineData(390, 844)]
    [InlineData(1280, 860)]
    public async Task From_the_set_up_link_to_the_first_answer_by_clicks_alone(int width, int height)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        using var temporary = TemporaryFolder.Create("keypace-e2e-");
        var folder = new KeypaceFolder(temporary);
        await using var keypace = await KeypaceProcess.ServeAsync(folder, new Dictionary<string, string> { ["KEYPACE_EGRESS__ALLOW"] = "127.0.0.0/8" });
        await using var window = await chromium.OpenAsync(keypace.Address, width, height);
        await window.Page.GotoAsync(await LinkAsync(folder));
        await window.Field("Email").FillAsync("owner@example.test");
        await window.Field("Password").FillAsync(Password);
        await window.Field("The same again").FillAsync(Password);
        await window.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        var clicks = 0;
        Task ClickAsync(ILocator what)
        {
            clicks++;
            return what.ClickAsync();
        }

        await ClickAsync(window.Button("Become the owner"));
        await ClickAsync(window.Button("Copy the token"));
        await Expect(window.Link("Open Keypace")).ToHaveClassAsync("button primary");
        await ClickAsync(window.Link("Open Keypace"));
        await window.LiveAsync();
        await ClickAsync(window.Button("Add a key"));
        await window.Field("Name").FillAsync("first");
        clicks++;
        await window.Field("Model hub").SelectOptionAsync("custom");
        await window.Field("API key").FillAsync(hub.Options.RequiredKey!);
        await window.Field("Base URL").FillAsync($"{hub.Address}/v1");
        await ClickAsync(window.Button("Save key"));
        await Expect(window.Dialog).ToHaveCountAsync(0);
        // The token of the set-up is one, and the code asks for a model that the key has.
        await Expect(window.Page.GetByText("the one that you got when you became the owner")).ToBeVisibleAsync();
        await Expect(window.Page.Locator(".snippet pre")).ToContainTextAsync("model=\"pretend-");
        await ClickAsync(window.Link("Open Playground"));
        await Expect(window.Field("Model")).Not.ToHaveValueAsync("");
        await window.Field("Message").FillAsync("Say hello.");
        await ClickAsync(window.Button("Send"));
        await Expect(window.Page.GetByText("Waited", new PageGetByTextOptions { Exact = false }).First).ToBeVisibleAsync();
        Assert.True(clicks <= 8, $"{clicks} clicks to the first answer");
        Assert.Equal(1, hub.Log.Snapshot().Count(arrival => arrival.Target.EndsWith("/chat/completions", StringComparison.Ordinal) && arrival.Status == 200));

        await (width < 600 ? window.Page.Locator(".bottombar").GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "Dashboard" }) : window.Link("Dashboard")).ClickAsync();
        await Expect(window.Page.GetByText("Sent, last full minute")).ToBeVisibleAsync();
        await Expect(window.Page.GetByText("The three steps are done:")).ToBeVisibleAsync();
        Assert.True(await window.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), "the page sticks out");
        Assert.Empty(window.Complaints);
    }

    private static async Task<string> LinkAsync(KeypaceFolder folder)
    {
        var file = Path.Combine(folder.Data, "setup-link");
        await Until.TrueAsync(() => File.Exists(file) && new FileInfo(file).Length > 0, "the set-up link");
        return (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
    }
}
