using Keypace.Domain.Keys;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Storage;

/// <summary>What is read by hand at the start is what Entity Framework would read.</summary>
public sealed class ServedRowsTests : IAsyncLifetime
{
    /// <summary>Nothing that decides a query hangs on these; every other column of a key is read.</summary>
    private static readonly string[] ForPeople =
    [
        nameof(ApiKeyRow.NameKey), nameof(ApiKeyRow.DisplayValue), nameof(ApiKeyRow.ChosenRateGroupId), nameof(ApiKeyRow.Version), nameof(ApiKeyRow.CreatedBy),
        nameof(ApiKeyRow.CreatedAt), nameof(ApiKeyRow.UpdatedAt), nameof(ApiKeyRow.DeletedAt), nameof(ApiKeyRow.DisabledBeforeDeletion), nameof(ApiKeyRow.LastUsedAt),
    ];

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
    public async Task Every_column_of_a_key_that_decides_its_queries_is_read_at_the_start()
    {
        await using (var change = await _opened.Store.BeginChangeAsync(Ct))
        {
            change.Db.ApiKeys.Add(new ApiKeyRow
            {
                Id = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000)),
                TeamId = (await change.Db.Teams.FirstAsync(Ct)).Id,
                Name = "main",
                NameKey = "MAIN",
                Hub = "openai",
                Url = "https://one.example",
                Destination = "https://two.example",
                Injection = "bearer",
                HubConfig = "{}",
                Envelope = [1, 2],
                SecretVersion = 3,
                Fingerprint = [4, 5],
                RateGroupId = Guid.CreateVersion7(DateTimeOffset.UnixEpoch.AddDays(20_000)),
                RateLimitPerInterval = 6,
                RateLimitInterval = 7,
                LimitIsDefault = true,
                Pacing = "smooth",
                GuardMs = 8,
                Limits = "[]",
                LimitFrozen = true,
                Status = KeyStatus.Disabled,
                PassHeaders = "x-one x-two",
                DropParams = "seed tools.strict",
            });
            await change.CommitAsync(Ct);
        }

        using var db = _opened.Store.Read();
        var (stored, read) = (await db.ApiKeys.SingleAsync(Ct), Assert.Single(ServedRows.Read(_opened.Store).Keys));
        foreach (var column in typeof(ApiKeyRow).GetProperties().Where(column => !ForPeople.Contains(column.Name)))
        {
            Assert.Equal(column.GetValue(stored), column.GetValue(read));
            Assert.NotEqual(column.GetValue(new ApiKeyRow()), column.GetValue(read));   // else the test proves nothing
        }
    }
}
