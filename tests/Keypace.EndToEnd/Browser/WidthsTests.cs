using Keypace.Demo;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>
/// Every page from 360 to 1440 pixels by 40, then at 1920 and 2560, and dialogs at 360, 720 and 1280: no text is cut without a way to read it, nothing
/// that can be pressed is covered, nothing sticks out.
/// </summary>
[Collection(MorePages.Name)]
public sealed class WidthsTests(Chromium chromium) : OnPages(chromium)
{
    private static readonly int[] _widths = [.. Enumerable.Range(0, 28).Select(step => 360 + 40 * step), 1920, 2560];

    private readonly List<string> _found = [];

    [Theory]
    [InlineData("/keys", "/key/ID", "/")]
    [InlineData("/agents", "/usage", "/usage?by=model", "/tokens")]
    [InlineData("/audit", "/settings", "/playground", "/team")]
    [InlineData("/docs", "/docs/problems/queue_full", "/key/00000000-0000-0000-0000-000000000000", "/nowhere")]
    public async Task Nothing_is_cut_covered_or_sticks_out_at_any_width(params string[] pages)
    {
        var id = await FillAsync();
        await using var window = await OpenAsync("/keys");
        foreach (var page in pages)
        {
            await window.Page.SetViewportSizeAsync(1280, 900);
            await window.Page.GotoAsync(page.Replace("ID", id, StringComparison.Ordinal));
            if (page != "/nowhere")
                await ReadyAsync(window);
            foreach (var width in _widths)
                await LookAsync(window, page, width);
        }

        if (pages[0] == "/keys")
        {
            await window.Page.GotoAsync("/keys");
            await ReadyAsync(window);
            await window.Page.SetViewportSizeAsync(390, 700);
            await window.Page.Locator("[data-sidebar]").ClickAsync();
            await LookAsync(window, "the sidebar on a phone", 390);
        }

        Assert.True(_found.Count == 0, string.Join("\n", _found.Distinct().Take(60)));
    }

    [Fact]
    public async Task Dialogs_fit_too()
    {
        var id = await FillAsync();
        await using var window = await OpenAsync("/keys");
        foreach (var (path, button, inside) in (IEnumerable<(string, string, string?)>)
            [("/keys", "Add new key", "Save key"), ($"/key/{id}", "Edit", null), ($"/key/{id}", "Test", null), ($"/key/{id}", "Disable", null), ($"/key/{id}", "Delete", "Move agents to…"), ("/agents", "Add agent", "Save agent"), ("/tokens", "Make token", null), ("/settings", "Change the default limit of OpenAI", null)])
        {
            await window.Page.EvaluateAsync("() => sessionStorage.clear()");
            await window.Page.SetViewportSizeAsync(1280, 900);
            await window.Page.GotoAsync(path);
            await ReadyAsync(window);
            if (button == "Delete")
                await window.Page.Locator(".page-actions summary").ClickAsync();
            await (button == "Delete" ? window.Page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Delete" })
                : window.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = button })).First.ClickAsync();
            await window.Dialog.WaitForAsync();
            if (inside is not null && await window.Button(inside).IsVisibleAsync())
                await window.Button(inside).ClickAsync();
            foreach (var more in await window.Dialog.Locator("details.more > summary").AllAsync())
                await more.ClickAsync();
            foreach (var width in (int[])[360, 720, 1280])
                await LookAsync(window, $"{path.Replace(id, "ID", StringComparison.Ordinal)} {button}", width);
        }

        Assert.True(_found.Count == 0, string.Join("\n", _found.Distinct().Take(60)));
    }

    private async Task<string> FillAsync()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "a-key-with-a-name-that-is-longer-than-any-column-2026", new HubLimit(60, 60));
        foreach (var (name, hub, count) in (IEnumerable<(string, string, int)>)[("openai-prod", "openai", 5000), ("together-research", "together", 600), ("mistral-free", "mistral", 1)])
            (await Keypace.Api.PostAsync("/v1/api-keys", new { name, hub, value = $"sk-test-not-a-real-key-{name}", rate_limit_per_interval = count, rate_limit_interval = 60 })).MustBe(200);
        (await Keypace.Api.PostAsync("/v1/api-keys", new { name = "disabled-one", hub = "groq", value = "sk-test-not-a-real-key-gone" })).MustBe(200);
        (await Keypace.Api.PutAsync("/v1/api-keys/disabled-one", new { status = "disabled" })).MustBe(200);
        foreach (var agent in (string[])["policy-judge", "an agent with a name so long that it fits into no column of no table"])
            (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = agent, model_name = "pretend-large-with-a-long-name", api_key_id = id })).MustBe(200);
        for (var query = 0; query < 4; query++)
            await Keypace.Api.ChatAsync("a-key-with-a-name-that-is-longer-than-any-column-2026");
        return id;
    }

    private static async Task ReadyAsync(Window window)
    {
        await window.LiveAsync();
        await window.Page.Locator("h1, .empty h2").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await Expect(window.Page.Locator("html.connected")).ToHaveCountAsync(1);
        await Expect(window.Page.Locator("main .bone")).ToHaveCountAsync(0);
    }

    private async Task LookAsync(Window window, string name, int width)
    {
        await window.Page.SetViewportSizeAsync(width, 900);
        foreach (var fault in await window.Page.EvaluateAsync<string[]>(Faults))
            _found.Add($"{name} at {width}: {fault}");
    }

    /// <summary>What a person at this width could not read or press.</summary>
    private const string Faults = """
        () => {
          const found = [];
          const page = document.querySelector('dialog[open]') ?? document.querySelector('.sidebar.open, .sidebar-open .sidebar') ?? document.body;
          const said = element => `<${element.tagName.toLowerCase()} class="${element.className?.baseVal ?? element.className}"> ${(element.textContent ?? '').trim().slice(0, 50)}`;
          const isHidden = element => !element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true }) || element.closest('.sr-only, [aria-hidden=true], .skip, [inert]');
          const scrolls = element => { for (let at = element; at && at !== document.documentElement; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowX)) return true; return false; };
          const hasTitle = element => { for (let at = element, up = 0; at && up < 4; at = at.parentElement, up++) if (at.title) return true; return Boolean(element.querySelector?.('[title]')); };
          const seenOf = (box, from) => {   // what is left of it by what clips around it
            let { left, right, top, bottom } = box;
            for (let at = from; at && at !== document.body; at = at.parentElement) {
              const style = getComputedStyle(at);
              if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
              const around = at.getBoundingClientRect();
              [left, right, top, bottom] = [Math.max(left, around.left), Math.min(right, around.right), Math.max(top, around.top), Math.min(bottom, around.bottom)];
            }
            return { left, right, top, bottom };
          };
          if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
          const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const node = walker.currentNode;
            const parent = node.parentElement;
            if (!node.textContent.trim() || !parent || ['SCRIPT', 'STYLE', 'OPTION', 'TEXTAREA', 'SELECT'].includes(parent.tagName) || parent.closest('svg, datalist') || isHidden(parent)) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const box = range.getBoundingClientRect();
            if (box.width < 1 || scrolls(parent)) continue;
            const seen = seenOf(box, parent);
            if (seen.right > innerWidth + 1 || seen.left < -1) found.push(`sticks out: ${said(parent)}`);
            else if ((box.right > seen.right + 1 || box.bottom > seen.bottom + 3) && !hasTitle(parent)) found.push(`cut: ${said(parent)}`);
          }
          const scrolled = scrollY;
          for (const element of [...page.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')].slice(0, 90)) {
            if (isHidden(element) || element.disabled || element.closest('.segments, .check')) continue;
            element.scrollIntoView({ block: 'center', inline: 'center' });
            const whole = element.getBoundingClientRect();
            if (whole.width < 2 || whole.height < 2) continue;
            const box = seenOf(whole, element.parentElement);
            const top = document.elementFromPoint(box.left + Math.min((box.right - box.left) / 2, 40), (box.top + box.bottom) / 2);
            if (top && !element.contains(top) && !top.contains(element)) found.push(`covered by ${said(top)}: ${said(element)}`);
          }
          scrollTo(0, scrolled);
          return found.slice(0, 8);
        }
        """;
}
