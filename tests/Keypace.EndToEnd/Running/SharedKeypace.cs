using Keypace.Demo;
using Keypace.EndToEnd;

[assembly: AssemblyFixture(typeof(SharedKeypace))]

namespace Keypace.EndToEnd;

/// <summary>One running Keypace for all tests that only add keys, agents and tokens of their own.</summary>
public sealed class SharedKeypace : IAsyncLifetime
{
    private RunningKeypace? _running;

    internal RunningKeypace Running => _running ?? throw new InvalidOperationException("Not started.");

    internal Api Api => Running.Api;

    internal Task<string> StoreKeyAsync(PretendHub hub, string name, HubLimit? limit = null, string? secret = null) =>
        Running.StoreKeyAsync(hub, name, limit, secret);

    public async ValueTask InitializeAsync() => _running = await RunningKeypace.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_running is not null)
            await _running.DisposeAsync();
    }
}
