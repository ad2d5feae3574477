using Keypace.Server.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Storage;

/// <summary>What is wrong with keys is written behind the queries, and never over what a change of the key itself has put there meanwhile.</summary>
public sealed class TroubleTableTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private OpenedStore _opened = null!;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        _opened = _folder.Open();
    }

    public async ValueTask DisposeAsync()
    {
        await _opened.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_waited_for_its_turn_while_the_key_changed_is_not_written()
    {
        var id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000));
        await using var table = new TroubleTable(_opened.Store, TimeProvider.System, NullLogger<TroubleTable>.Instance);
        await using (var change = await _opened.Store.BeginChangeAsync(CancellationToken.None))
        {
            table.Keep(new KeptTrouble(id, "hub_refused_key", "The hub refused the key.", 1));
            table.Keep(new KeptTrouble(Guid.Empty, "hub_refused_key", "Another key's.", 1));
            await TroubleTable.RemoveAsync(change.Db, id, CancellationToken.None);
            await change.CommitAsync(CancellationToken.None);
            table.Forget(id);
        }

        await table.WrittenAsync();

        Assert.Equal(Guid.Empty, Assert.Single(table.Load()).ApiKeyId);
    }
}
