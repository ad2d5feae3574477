using Deque.AxeCore.Playwright;
using Keypace.Demo;
using Microsoft.Playwright;

namespace Keypace.EndToEnd.Browser;

/// <summary>
/// Every page with something on it, light and dark: axe-core finds nothing serious, nothing sticks out at any width, no script complains. With
/// <c>KEYPACE_PICTURES=folder</c> it leaves what it saw there.
/// </summary>
[Collection(Pages.Name)]
public sealed class EveryPageTests(Chromium chromium)
{
    private static readonly (string Name, string Path)[] _pages =
    [
        ("dashboard", "/"), ("agents", "/agents"), ("playground", "/playground"), ("keys", "/keys"), ("usage", "/usage"), ("usage-hours", "/usage?by=hour"),
        ("team", "/team"), ("tokens", "/tokens"), ("audit", "/audit"), ("settings", "/settings"), ("docs", "/docs"), ("not-found", "/not-found"),
    ];

    [Fact]
    public async Task Every_page_is_accessible_and_fits()
    {
        Assert.SkipUnless(Campaign.Or(0, 1) == 1, "It takes minutes and has not been through to its end: ./dev campaign runs it.");
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "lab-vllm", new HubLimit(30, 5));
        foreach (var agent in new[] { "policy-judge", "refund-bot", "an agent with a name so long that it fits into no column of no table" })
            (await keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = agent, model_name = "pretend-large", api_key_id = id })).MustBe(200);
        var soon = TimeProvider.System.GetUtcNow().AddDays(3).ToUnixTimeSeconds();
        (await keypace.Api.PostAsync("/v1/access-tokens", new { name = "ends-soon", role = "viewer", expires_at = soon })).MustBe(200);
        foreach (var answers in await Task.WhenAll(Load.Callers(keypace, "lab-vllm", ["nightly-evals", "ci-smoke"], 20, 10)))
            Load.AllMustBeOk(answers);
        var password = (await File.ReadAllTextAsync(keypace.Folder.PasswordFile)).Trim();

        foreach (var (width, height) in Campaign.Or(1, 3) == 1 ? [(1280, 860)] : new[] { (1280, 860), (390, 844), (2560, 1300) })
        {
            await using var window = await chromium.OpenAsync(keypace.Address, width, height);
            await window.Page.GotoAsync("/keys");
            await window.SignInAsync(KeypaceFolder.OwnerEmail, password);
            await window.LiveAsync();
            foreach (var theme in Campaign.Or(1, 2) == 1 ? ["light"] : new[] { "light", "dark" })
            {
                await window.Page.EvaluateAsync("choice => { localStorage.setItem('keypace-theme', choice); }", theme);
                foreach (var (name, path) in _pages)
                {
                    await window.Page.GotoAsync(path);
                    await LookAsync(window, $"{name}-{theme}-{width}", width == 1280);
                }

                await window.Page.GotoAsync($"/key/{id}");
                await LookAsync(window, $"key-{theme}-{width}", width == 1280);
                foreach (var (path, button) in new[] { ("/agents", "Add agent"), ("/tokens", "Make token") })
                {
                    await window.Page.EvaluateAsync("() => sessionStorage.clear()");   // else the dialog that was left open comes back by itself
                    await window.Page.GotoAsync(path);
                    await window.LiveAsync();
                    await window.Page.Locator(".table tbody .strong, .table tbody a[data-main]").First.WaitForAsync();
                    await window.Button(button).ClickAsync();
                    await window.Dialog.WaitForAsync();
                    if (path == "/agents")
                        await window.Field("New key").CheckAsync();
                    await LookAsync(window, $"{button.Replace(' ', '-').ToLowerInvariant()}-{theme}-{width}", width == 1280);
                }

                await window.Field("Name").FillAsync($"shown {theme} {width}");
                await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Make token" }).ClickAsync();
                await window.Field("Access token").WaitForAsync();
                await LookAsync(window, $"token-made-{theme}-{width}", width == 1280);
            }

            Assert.DoesNotContain(window.Complaints, complaint => !complaint.Contains("404", StringComparison.Ordinal));
        }
    }

    private static async Task LookAsync(Window window, string name, bool isAudited)
    {
        await window.LiveAsync();
        await window.Page.Locator("h1, .empty h2").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await window.Page.WaitForFunctionAsync("() => !document.querySelector('main .bone')");
        Assert.True(
            await window.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
            $"{name} is wider than its window.");
        if (Environment.GetEnvironmentVariable("KEYPACE_PICTURES") is { Length: > 0 } folder)
            await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), Animations = ScreenshotAnimations.Disabled });
        if (!isAudited)
            return;
        var found = (await window.Page.RunAxe()).Violations.Where(violation => violation.Impact is "serious" or "critical").ToList();
        Assert.True(found.Count == 0, $"{name}: " + string.Join("\n", found.Select(violation =>
            $"{violation.Id} ({violation.Impact}): {violation.Help}: {string.Join(" | ", violation.Nodes.Take(5).Select(node => node.Html))}")));
    }
}
