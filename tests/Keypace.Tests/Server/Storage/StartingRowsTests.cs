using System.Text.Json;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Storage;

public sealed class StartingRowsTests
{
    [Fact]
    public async Task Every_column_reads_as_Entity_Framework_reads_it()
    {
        var ct = TestContext.Current.CancellationToken;
        using var folder = new TestFolder();
        await folder.InitAsync(folder.OwnerOptions);
        await using var opened = folder.Open();
        await using (var change = await opened.Store.BeginChangeAsync(ct))
        {
            change.Db.AddRange(Filled<ApiKeyRow>(1), Filled<AgentRow>(2), Filled<AccessTokenRow>(3));
            change.Db.AddRange(
                new ApiKeyRow { Id = Guid.CreateVersion7(folder.Time.GetUtcNow()), NameKey = "BARE" },
                new AgentRow { Id = Guid.CreateVersion7(folder.Time.GetUtcNow()), NameKey = "BARE" });
            await change.CommitAsync(ct);
        }

        var rows = StartingRows.Read(opened.Store);
        using var db = opened.Store.Read();
        Assert.Equal(Written(await db.ApiKeys.ToListAsync(ct), row => row.Id), Written(rows.ApiKeys, row => row.Id));
        Assert.Equal(Written(await db.Agents.ToListAsync(ct), row => row.Id), Written(rows.Agents, row => row.Id));
        Assert.Equal(Written(await db.AccessTokens.ToListAsync(ct), row => row.Id), Written(rows.AccessTokens, row => row.Id));
    }

    private static string Written<TRow, TId>(IEnumerable<TRow> rows, Func<TRow, TId> id) =>
        string.Join('\n', rows.OrderBy(row => id(row)!.ToString(), StringComparer.Ordinal).Select(row => JsonSerializer.Serialize(row)));

    /// <summary>A row with another value in every property, so that none can be left out or swapped unnoticed.</summary>
    private static T Filled<T>(int seed)
        where T : new()
    {
        var random = new Random(seed);
        var row = new T();
        foreach (var property in typeof(T).GetProperties())
        {
            var bytes = new byte[16];
            random.NextBytes(bytes);
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            property.SetValue(row, type switch
            {
                _ when type == typeof(Guid) => new Guid(bytes),
                _ when type == typeof(string) => $"{property.Name} {random.Next()}",
                _ when type == typeof(byte[]) => bytes,
                _ when type == typeof(bool) => true,
                _ when type == typeof(int) => random.Next(),
                _ when type == typeof(long) => random.NextInt64(),
                _ => throw new InvalidOperationException($"No value for {property.Name}."),
            });
        }

        return row;
    }
}
