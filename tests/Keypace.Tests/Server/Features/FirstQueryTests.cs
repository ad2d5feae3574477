using Keypace.Domain.Access;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Features;

/// <summary>The last of the first steps: a query of somebody's, answered. What Keypace asks hubs for itself is none.</summary>
public sealed class FirstQueryTests : IAsyncLifetime
{
    private static readonly Guid _team = new("0a0b0c0d-1111-2222-3333-444455556666");
    private static readonly Guid _otherTeam = new("0a0b0c0d-1111-2222-3333-444455557777");

    private readonly TestFolder _folder = new();
    private OpenedStore _opened = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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
    public async Task It_is_through_when_somebody_of_the_team_had_an_answer()
    {
        var first = new FirstQuery(_opened.Store);
        Assert.False(await IsThroughAsync(first));

        await StoreAsync(_team, "keypace", 200);       // the list of models that a page asks for, a key's test
        await StoreAsync(_team, "nightly", 429);       // refused
        await StoreAsync(_otherTeam, "nightly", 200);
        Assert.False(await IsThroughAsync(first));

        await StoreAsync(_team, "", 200);
        Assert.True(await IsThroughAsync(first));
        Assert.True(await IsThroughAsync(new FirstQuery(_opened.Store)));
    }

    private static async Task<bool> IsThroughAsync(FirstQuery first)
    {
        Assert.True((await first.IsThroughAsync(Caller.OfMember(Guid.Empty, _team, Role.Owner, "test", null, ""), Ct)).TryGet(out var isThrough, out _));
        return isThrough;
    }

    private async Task StoreAsync(Guid team, string caller, int status)
    {
        await using var change = await _opened.Store.BeginChangeAsync(Ct);
        change.Db.Usage.Add(new UsageRow { TeamId = team, Caller = caller, Status = status, Attempts = 1 });
        await change.CommitAsync(Ct);
    }
}
