using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Keypace.EndToEnd.Browser;

/// <summary>One browser window. Remembers everything that crossed the wire inward, and whatever the page complained of.</summary>
internal sealed class Window : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<string> _frames = new();
    private readonly ConcurrentQueue<string> _bodies = new();

    public Window(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.WebSocket += (_, socket) =>
        {
            socket.FrameReceived += (_, frame) => Keep(frame);
            socket.FrameSent += (_, frame) => Keep(frame);
        };
        page.Response += (_, response) => _ = KeepBodyAsync(response);
    }

    public IPage Page { get; }

    /// <summary>Errors on the console and uncaught ones in scripts.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>Everything that came from the server, and every frame of the page's own connection in both directions.</summary>
    public IReadOnlyCollection<string> Wire => [.. _frames, .. _bodies];

    /// <summary>Every frame of the page's own connection, in both directions.</summary>
    public IReadOnlyCollection<string> Frames => _frames;

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new PageGetByLabelOptions { Exact = true });

    /// <summary>The dialog that is open.</summary>
    public ILocator Dialog => Page.Locator("dialog[open]");

    public async Task SignInAsync(string email, string password)
    {
        await Field("Email").FillAsync(email);
        await Field("Password").FillAsync(password);
        await Button("Sign in").ClickAsync();
    }

    /// <summary>Waits until the page's connection is there, so that presses do something.</summary>
    public Task LiveAsync() => Page.Locator(".team:not(:empty)").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });

    /// <summary>
    /// Goes to a page while the server may just have been started again: the page that comes back may load itself anew or write its own address, which ends
    /// a load that was begun in that moment.
    /// </summary>
    public Task GoToAsync(string path) => Until.TrueAsync(
        async () =>
        {
            if (!await Page.GotoAsync(path).ContinueWith(load => load.IsCompletedSuccessfully, TaskScheduler.Default))
                return false;
            await LiveAsync();
            return new Uri(Page.Url).AbsolutePath == path;
        },
        path);

    public ValueTask DisposeAsync() => new(_context.CloseAsync());

    private void Keep(IWebSocketFrame frame) =>
        _frames.Enqueue(frame.Text ?? System.Text.Encoding.UTF8.GetString(frame.Binary ?? []));

    private async Task KeepBodyAsync(IResponse response)
    {
        try
        {
            if (response.Status is < 300 or >= 400)
                _bodies.Enqueue(await response.TextAsync());
        }
        catch (PlaywrightException)
        {
            // The page was left before the body was asked for.
        }
    }
}
