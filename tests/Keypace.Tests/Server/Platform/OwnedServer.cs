using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Platform;

/// <summary>One server with an owner for all tests of a class, which change nothing that another of them sees.</summary>
public sealed class OwnedServer : IAsyncLifetime
{
    private readonly TestFolder _folder = new();

    internal RunningServer Server { get; private set; } = null!;

    internal TestFolder Folder => _folder;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        Server = await RunningServer.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
