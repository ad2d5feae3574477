using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>Typing while the server's answers are held up: what comes back late never overwrites the letters typed meanwhile.</summary>
[Collection(MorePages.Name)]
public sealed class SlowLineTests(Chromium chromium) : OnPages(chromium)
{
    /// <summary>While <c>heldUp</c> is an array, what the server says lies there instead of reaching the page.</summary>
    private const string Line = """
        window.heldUp = null;
        window.letThrough = () => { const frames = heldUp; window.heldUp = null; for (const arrive of frames) arrive(); };
        window.WebSocket = class extends WebSocket {
          set onmessage(take) { super.onmessage = frame => heldUp ? heldUp.push(() => take.call(this, frame)) : take.call(this, frame); }
        };
        """;

    [Fact]
    public async Task Letters_typed_before_the_server_has_answered_stay_in_every_field()
    {
        var key = await Keypace.StoreKeyAsync(Hub, "alpha");
        (await Keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "judge", model_name = "small", api_key_id = key })).MustBe(200);
        await using var window = await OpenAsync("/keys");
        await window.Page.AddInitScriptAsync(Line);

        foreach (var page in (string[])["/keys", "/agents", "/tokens", "/audit"])
        {
            await window.Page.GotoAsync(page);
            await window.LiveAsync();
            await TypeAsync(window, window.Field("Search"));
            await Expect(window.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=beta$"));
            await NothingElseWasPutInAsync(window);
        }

        await window.Page.GotoAsync("/keys");
        await window.LiveAsync();
        await window.Link("alpha").FocusAsync();
        await window.Page.Keyboard.PressAsync("F2");
        await TypeAsync(window, window.Field("New name of alpha"));
        await window.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Link("beta")).ToBeVisibleAsync();
        await NothingElseWasPutInAsync(window);

        await window.Page.GetByLabel("Menu of beta").ClickAsync();
        await window.Page.GetByRole(AriaRole.Menuitem, new PageGetByRoleOptions { Name = "Delete" }).ClickAsync();
        await TypeAsync(window, window.Field("Type beta to delete it"));
        await Expect(window.Button("Delete key")).ToBeEnabledAsync();
        await NothingElseWasPutInAsync(window);
    }

    private static async Task NothingElseWasPutInAsync(Window window) =>
        Assert.Empty(await window.Page.EvaluateAsync<string[]>("window.overwritten"));

    /// <summary>Types while nothing comes back, then lets everything through; <c>window.overwritten</c> holds what else was put into the field.</summary>
    private async Task TypeAsync(Window window, ILocator field)
    {
        await field.FillAsync("");
        await field.EvaluateAsync("""
            field => {
              const inherited = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
              [window.overwritten, window.heldUp] = [[], []];
              Object.defineProperty(field, 'value', { configurable: true, get() { return inherited.get.call(this); },
                set(value) { if (value !== inherited.get.call(this)) window.overwritten.push(value); inherited.set.call(this, value); } });
            }
            """);
        await window.Page.Keyboard.TypeAsync("beta");
        await Until.TrueAsync(() => window.Page.EvaluateAsync<bool>("heldUp.length > 0"), "an answer of the server");
        await window.Page.EvaluateAsync("letThrough()");
        await Expect(field).ToHaveValueAsync("beta");
    }
}
