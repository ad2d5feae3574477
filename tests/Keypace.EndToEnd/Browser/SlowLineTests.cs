using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Keypace.EndToEnd.Browser;

/// <summary>A slow line: letters typed while the server's answers are held up stay, and what is sent before its script came is neither lost nor shown.</summary>
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

    /// <summary>What the server says lies there from its first drawing of the page on.</summary>
    private const string FirstDrawing = """
        window.heldUp = [];
        window.letThrough = () => { const frames = heldUp; window.heldUp = null; for (const arrive of frames) arrive(); };
        window.WebSocket = class extends WebSocket {
          set onmessage(take) {
            const isDrawing = frame => new TextDecoder().decode(frame.data).includes('RenderBatch');
            super.onmessage = frame => heldUp && (heldUp.length || isDrawing(frame)) ? heldUp.push(() => take.call(this, frame)) : take.call(this, frame);
          }
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

    [Fact]
    public async Task A_password_that_is_sent_before_the_script_came_is_in_no_url()
    {
        await using var window = await Browser.OpenAsync(Keypace.Address);
        await window.Page.RouteAsync("**/*.js", route => route.AbortAsync());
        await window.Page.GotoAsync("/sign-in");
        var before = window.Page.Url;
        await window.Field("Email").FillAsync("owner@example.test");
        await window.Field("Password").FillAsync("not a real password");
        await window.Page.Keyboard.PressAsync("Enter");
        await window.Button("Sign in").ClickAsync();
        Assert.Equal(before, window.Page.Url);
        await Expect(window.Field("Password")).ToHaveValueAsync("not a real password");
    }

    [Fact]
    public async Task A_message_that_is_sent_before_the_script_came_is_answered()
    {
        var id = await Keypace.StoreKeyAsync(Hub, "alpha");
        await using var window = await OpenAsync("/keys");
        var mayCome = new TaskCompletionSource();
        await window.Page.RouteAsync("**/playground*.js", async route =>
        {
            await mayCome.Task;
            await route.ContinueAsync();
        });
        await window.Page.GotoAsync($"/playground?key={id}");
        await window.LiveAsync();
        await window.Field("Model").FillAsync("pretend-large");
        await window.Field("Message").FillAsync("hello");
        await window.Button("Send").ClickAsync();
        mayCome.SetResult();
        await Expect(window.Page.Locator(".answer").First).Not.ToBeEmptyAsync();
        Assert.DoesNotContain("hello", window.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_comes_by_an_early_link_after_the_connection_can_be_used()
    {
        await using var window = await OpenAsync("/");
        var mayCome = new TaskCompletionSource();
        await window.Page.AddInitScriptAsync(FirstDrawing);
        await window.Page.RouteAsync("**/keys", async route =>
        {
            await mayCome.Task;
            await route.ContinueAsync();
        });
        await window.Page.GotoAsync("/");
        await Until.TrueAsync(() => window.Page.EvaluateAsync<bool>("heldUp.length > 0"), "the page as the connection draws it");
        await window.Page.RunAndWaitForRequestAsync(() => window.Link("Keys").First.ClickAsync(), "**/keys");
        await window.Page.EvaluateAsync("letThrough()");
        await window.LiveAsync();
        mayCome.SetResult();
        await Expect(window.Page.GetByText("No keys yet")).ToBeVisibleAsync();
        await window.Button("Add new key").First.ClickAsync();
        await Expect(window.Field("Name")).ToBeFocusedAsync();
        await Expect(window.Page.Locator("html.connected")).ToHaveCountAsync(1);
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
