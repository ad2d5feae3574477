using Keypace.Demo;
using Microsoft.Playwright;

namespace Keypace.EndToEnd.Browser;

/// <summary>
/// Pages at a phone's, a laptop's and a large screen's width, light and dark: nothing sticks out, no script complains. With
/// <c>KEYPACE_PICTURES=folder</c> it leaves what it saw there; <c>./dev screenshots</c> makes the README's pictures so.
/// </summary>
[Collection(MorePages.Name)]
public sealed class PicturesTests(Chromium chromium)
{
    private static readonly (string Name, string Hub, int Count, int Seconds)[] _keys =
    [
        ("anthropic-batch", "anthropic", 1000, 60), ("do-support-agent", "digitalocean", 120, 60), ("mistral-free", "mistral", 1, 1),
        ("openai-prod", "openai", 5000, 60), ("together-llama", "together", 60, 60), ("together-research", "together", 600, 60),
    ];

    [Fact]
    public async Task Pages_fit_every_width_in_both_themes()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        foreach (var (name, hubName, count, seconds) in _keys)
        {
            await keypace.Api.PostAsync("/v1/api-keys", new
            {
                name, hub = hubName, value = $"sk-test-not-a-real-key-{name}", rate_limit_per_interval = count, rate_limit_interval = seconds,
                hub_config = hubName == "digitalocean" ? new { api_type = "inference" } : null,
            });
        }

        var id = await keypace.StoreKeyAsync(hub, "lab-vllm", new HubLimit(30, 5));
        foreach (var agent in new[] { "policy-judge", "toxicity-judge", "refund-bot" })
            (await keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = agent, model_name = "pretend-large", api_key_id = id })).MustBe(200);
        var load = Load.Callers(keypace, "lab-vllm", ["nightly-evals", "redteam-sweep", "ci-smoke"], 60, 30).ToList();
        var password = (await File.ReadAllTextAsync(keypace.Folder.PasswordFile)).Trim();
        foreach (var (width, height) in new[] { (1280, 860), (390, 844), (2560, 1300) })
        {
            await using var window = await chromium.OpenAsync(keypace.Address, width, height);
            await window.Page.GotoAsync("/keys");
            await window.SignInAsync(KeypaceFolder.OwnerEmail, password);
            await window.LiveAsync();
            foreach (var theme in new[] { "light", "dark" })
            {
                await window.Page.EvaluateAsync("choice => { localStorage.setItem('keypace-theme', choice); }", theme);
                await LookAsync(window, "/keys", $"keys-{theme}-{width}");
                await LookAsync(window, $"/key/{id}", $"key-{theme}-{width}");
            }

            await window.Page.GotoAsync("/keys");
            await window.LiveAsync();
            await window.Page.EvaluateAsync("document.querySelector('[data-new]').click()");
            await window.Field("Name").FillAsync("openai-judge");
            await SaveAsync(window, $"add-key-{width}");
            Assert.Empty(window.Complaints);
        }

        foreach (var answers in await Task.WhenAll(load))
            Load.AllMustBeOk(answers);
    }

    private static async Task LookAsync(Window window, string path, string name)
    {
        await window.Page.GotoAsync(path);
        await window.LiveAsync();
        await window.Page.Locator("h1").WaitForAsync();
        await window.Page.Locator(".usage-bar, .picture").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        Assert.True(
            await window.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
            $"{name} is wider than its window.");
        await SaveAsync(window, name);
    }

    private static async Task SaveAsync(Window window, string name)
    {
        if (Environment.GetEnvironmentVariable("KEYPACE_PICTURES") is { Length: > 0 } folder)
            await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), Animations = ScreenshotAnimations.Disabled });
    }
}
