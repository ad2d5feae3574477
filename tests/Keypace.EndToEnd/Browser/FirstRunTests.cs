using Keypace.Demo;
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
        var file = Path.Combine(folder.Data, "setup-link");
        await Until.TrueAsync(() => File.Exists(file) && new FileInfo(file).Length > 0, "the set-up link");
        var link = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Trim();
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
        await window.Link("Open Keypace").ClickAsync();
        await window.LiveAsync();

        await window.Button("Sign out").ClickAsync();
        await Expect(window.Button("Sign in")).ToBeVisibleAsync();
        await window.SignInAsync("owner@example.test", "a wrong but long password");
        await Expect(window.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert)).ToContainTextAsync("No account has this");
        await window.SignInAsync("owner@example.test", Password);
        await window.LiveAsync();
        await Expect(window.Link("Keys")).ToBeVisibleAsync();
        Assert.DoesNotContain(window.Complaints, complaint => !complaint.Contains("401", StringComparison.Ordinal));
    }
}
