using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>
/// Every page and dialog with something on it: axe-core finds nothing serious in light or dark, nothing sticks out at any width, no script complains.
/// Each is opened once and then lit and resized in place; <c>./dev campaign</c> also asks axe-core at every width. With <c>KEYPACE_PICTURES=folder</c>
/// it leaves what it saw there.
/// </summary>
[Collection(MorePages.Name)]
public sealed class EveryPageTests(Chromium chromium)
{
    private static readonly (string Name, string Path)[] _pages =
    [
        ("dashboard", "/"), ("agents", "/agents"), ("playground", "/playground"), ("keys", "/keys"), ("usage", "/usage"), ("usage-hours", "/usage?by=hour"),
        ("team", "/team"), ("tokens", "/tokens"), ("audit", "/audit"), ("settings", "/settings"), ("docs", "/docs"), ("problem", "/docs/problems/queue_full"),
        ("not-found", "/not-found"), ("no-key", "/key/0197c5e1-0000-7000-8000-000000000000"),
    ];

    /// <summary>The usual one first and last, so that the next page begins as this one did.</summary>
    private static readonly (int Width, int Height)[] _sizes = [(390, 844), (2560, 1300), (1280, 860)];

    private static readonly string? _pictures = Environment.GetEnvironmentVariable("KEYPACE_PICTURES") is { Length: > 0 } folder ? folder : null;

    private readonly List<string> _found = [];

    private static bool IsLong => Campaign.Or(0, 1) == 1;

    [Fact]
    public async Task Every_page_is_accessible_and_fits()
    {
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

        await using var window = await chromium.OpenAsync(keypace.Address, _sizes[^1].Width, _sizes[^1].Height);
        await window.Page.GotoAsync("/keys");
        await window.SignInAsync(KeypaceFolder.OwnerEmail, password);
        await window.LiveAsync();
        foreach (var (name, path) in _pages)
        {
            await window.Page.GotoAsync(path);
            await LookAsync(window, name);
        }

        await window.Page.GotoAsync($"/key/{id}");
        await LookAsync(window, "key");
        await LookAtDialogAsync(window, "/keys", "Add new key");
        await LookAtDialogAsync(window, $"/key/{id}", "Edit");
        await LookAtDialogAsync(window, "/agents", "Add agent", "New key");
        await LookAtDialogAsync(window, "/tokens", "Make token");
        await window.Field("Name").FillAsync("shown");
        await window.Dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Make token" }).ClickAsync();
        await window.Field("Access token").WaitForAsync();
        await LookAsync(window, "token-made");

        Assert.True(_found.Count == 0, string.Join("\n", _found));
        Assert.DoesNotContain(window.Complaints, complaint => !complaint.Contains("404", StringComparison.Ordinal));
    }

    private async Task LookAtDialogAsync(Window window, string path, string button, string? choice = null)
    {
        await window.Page.EvaluateAsync("() => sessionStorage.clear()");   // else the dialog that was left open comes back by itself
        await window.Page.GotoAsync(path);
        await ReadyAsync(window);
        await window.Button(button).First.ClickAsync();
        await window.Dialog.WaitForAsync();
        if (choice is not null)
            await window.Field(choice).CheckAsync();
        await LookAsync(window, button.Replace(' ', '-').ToLowerInvariant());
    }

    private async Task LookAsync(Window window, string name)
    {
        await ReadyAsync(window);
        foreach (var (width, height) in _sizes)
        {
            await window.Page.SetViewportSizeAsync(width, height);
            // A page may not scroll sideways, and neither may a dialog: what sticks out of it cannot be reached.
            var wide = await window.Page.EvaluateAsync<string?>("""
                () => [document.documentElement, ...document.querySelectorAll('dialog[open], dialog[open] .dialog-body')]
                  .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => `${box.tagName}.${box.className} ${box.scrollWidth} > ${box.clientWidth}`)[0] ?? null
                """);
            if (wide is not null)
                _found.Add($"{name} is wider than its window at {width}: {wide}");
            foreach (var theme in (string[])["dark", "light"])
            {
                var asked = AskedOf(theme, width);
                if (asked is null && _pictures is null)
                    continue;
                await LightAsync(window, theme);
                if (asked is not null)
                    await AuditAsync(window, $"{name}-{theme}-{width}", asked);
                if (_pictures is not null)
                    await window.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(_pictures, $"{name}-{theme}-{width}.png"), Animations = ScreenshotAnimations.Disabled });
            }
        }
    }

    /// <summary>What is asked of axe-core: everything at the usual size and on a phone in light, colours in dark; always everything in the long form.</summary>
    private static AxeRunOptions? AskedOf(string theme, int width) =>
        IsLong ? new AxeRunOptions()
        : width > _sizes[^1].Width ? null
        : theme == "light" ? new AxeRunOptions()
        : width == _sizes[^1].Width ? new AxeRunOptions { RunOnly = RunOnlyOptions.Rules("color-contrast") }
        : null;

    private static async Task LightAsync(Window window, string theme) =>
        await window.Page.EvaluateAsync("theme => document.querySelector(`button[data-theme-choice=${theme}]`).click()", theme);

    /// <summary>The page's connection is there, and what it waits for has come.</summary>
    private static async Task ReadyAsync(Window window)
    {
        await window.LiveAsync();
        await window.Page.Locator("h1, .empty h2").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await Expect(window.Page.Locator("main .bone")).ToHaveCountAsync(0);
    }

    private async Task AuditAsync(Window window, string name, AxeRunOptions options)
    {
        var violations = (await window.Page.RunAxe(options)).Violations.Where(violation => violation.Impact is "serious" or "critical");
        _found.AddRange(violations.Select(violation =>
            $"{name}: {violation.Id} ({violation.Impact}): {violation.Help}: {string.Join(" | ", violation.Nodes.Take(5).Select(node => node.Html))}"));
    }
}
