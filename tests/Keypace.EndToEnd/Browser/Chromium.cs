using Microsoft.Playwright;

namespace Keypace.EndToEnd.Browser;

/// <summary>Debian's own Chromium, one process for all tests of pages. Nothing is downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Path = "/usr/bin/chromium";
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Path))
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Path, Args = ["--no-sandbox"] });
    }

    /// <summary>A window with a profile of its own. Skips the test where there is no Chromium.</summary>
    internal async Task<Window> OpenAsync(Uri address, int width = 1280, int height = 900)
    {
        Assert.SkipWhen(_browser is null, $"There is no {Path}: apt-get install chromium.");
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = height },
            TimezoneId = "Europe/Berlin",
        });
        context.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        return new Window(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>Tests of pages that are about what people do.</summary>
[CollectionDefinition(Name)]
public sealed class Pages : ICollectionFixture<Chromium>
{
    public const string Name = "pages";
}

/// <summary>The others, which look at pages as such. They run beside <see cref="Pages"/> in a browser of their own: one row of all takes longer than everything else together.</summary>
[CollectionDefinition(Name)]
public sealed class MorePages : ICollectionFixture<Chromium>
{
    public const string Name = "more pages";
}
