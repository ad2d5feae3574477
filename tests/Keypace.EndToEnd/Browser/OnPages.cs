using Keypace.Demo;

namespace Keypace.EndToEnd.Browser;

/// <summary>What tests of pages begin with: a Keypace, a hub that has a key for it, and windows whose owner is signed in.</summary>
public abstract class OnPages(Chromium chromium) : IAsyncLifetime
{
    private protected Chromium Browser => chromium;

    private protected RunningKeypace Keypace { get; private set; } = null!;

    private protected PretendHub Hub { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        Keypace = await RunningKeypace.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Keypace.DisposeAsync();
        await Hub.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<string> PasswordAsync() => (await File.ReadAllTextAsync(Keypace.Folder.PasswordFile)).Trim();

    private protected async Task<Window> OpenAsync(string path)
    {
        var window = await chromium.OpenAsync(Keypace.Address);
        await window.Page.GotoAsync(path);
        await window.SignInAsync(KeypaceFolder.OwnerEmail, await PasswordAsync());
        await window.LiveAsync();
        return window;
    }
}
