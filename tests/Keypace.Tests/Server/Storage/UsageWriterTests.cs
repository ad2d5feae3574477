using System.Threading.Channels;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Storage;

public sealed class UsageWriterTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private readonly Channel<UsageRow> _records = Channel.CreateUnbounded<UsageRow>();
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
    public async Task What_was_handed_over_is_stored_when_the_writer_has_ended()
    {
        const int count = 2 * UsageWriter.MostRowsABatch + 7;
        var writer = Writer(NullLogger<UsageWriter>.Instance);
        writer.Start();
        for (var at = 0; at < count; at++)
            _records.Writer.TryWrite(Row(at));
        await writer.DisposeAsync();

        using var db = _opened.Store.Read();
        Assert.Equal(count, await db.Usage.CountAsync(Ct));
        Assert.Equal(count, writer.Written);
        Assert.Equal(0, writer.Lost);
    }

    /// <param name="apart">Rows go in by 64, by 8 and alone: a row's values are bound where those of the row so far before it were.</param>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(64)]
    public async Task A_row_takes_nothing_from_the_one_before_it(int apart)
    {
        var changes = new Action<UsageRow>[]
        {
            row => row.TeamId = new Guid("0a0b0c0d-1111-2222-3333-444455556666"), row => row.ApiKeyId = null, row => row.AgentId = row.TeamId,
            row => row.TokenId = "another", row => row.Caller = "someone", row => row.Hub = null, row => row.Model = "m",
            row => row.Route = "elsewhere", row => row.ErrorCode = "queue_full", row => row.PromptTokens = 3, row => row.SentAt = null,
        };
        var written = Enumerable.Range(0, 2 * apart * changes.Length).Select(at =>
        {
            var row = Row(at);
            if (at / apart % 2 == 1)
                changes[at / (2 * apart)](row);
            return row;
        }).ToArray();
        await WriteAsync(written);

        using var db = _opened.Store.Read();
        var rows = await db.Usage.OrderBy(row => row.Id).ToListAsync(Ct);
        for (var at = 0; at < written.Length; at++)
        {
            written[at].Id = rows[at].Id;
            Assert.Equivalent(written[at], rows[at], strict: true);
        }
    }

    [Fact]
    public async Task A_row_comes_back_as_it_went_in()
    {
        var full = Row(1);
        (full.AgentId, full.Caller, full.Hub, full.Model) = (new Guid("0a0b0c0d-1111-2222-3333-444455556666"), "zoë 🦊", "openai", new string('m', 700));
        (full.ErrorCode, full.PromptTokens, full.CompletionTokens, full.TotalTokens) = ("queue_full", 1, 2, long.MaxValue);
        (full.WaitedMs, full.LatencyMs, full.SentAt, full.Attempts) = (4, 5, 6, 7);
        var bare = new UsageRow { TeamId = full.TeamId, At = 2 };
        await WriteAsync(full, bare);

        using var db = _opened.Store.Read();
        var rows = await db.Usage.OrderBy(row => row.Id).ToListAsync(Ct);
        (full.Id, bare.Id) = (rows[0].Id, rows[1].Id);
        Assert.Equivalent(full, rows[0], strict: true);
        Assert.Equivalent(bare, rows[1], strict: true);
    }

    [Fact]
    public async Task Last_use_of_keys_and_tokens_is_written_at_most_once_a_minute()
    {
        var key = new ApiKeyRow { Id = Row(0).ApiKeyId!.Value, NameKey = "A" };
        string token;
        await using (var change = await _opened.Store.BeginChangeAsync(Ct))
        {
            change.Db.Add(key);
            token = (await change.Db.AccessTokens.SingleAsync(Ct)).Id;
            await change.CommitAsync(Ct);
        }

        await using var writer = Writer(NullLogger<UsageWriter>.Instance);
        writer.Start();
        Assert.Equal((100_000, 100_000), await LastUsedAfterAsync(writer, 100_000, token));
        Assert.Equal((100_000, 100_000), await LastUsedAfterAsync(writer, 159_999, token));
        Assert.Equal((160_000, 160_000), await LastUsedAfterAsync(writer, 160_000, token));
    }

    [Fact]
    public async Task A_store_that_fails_for_a_while_delays_records_and_loses_none()
    {
        using (var connection = _opened.Store.OpenConnection())
            Run(connection, "ALTER TABLE usage RENAME TO away");
        using var failed = new SemaphoreSlim(0);
        var writer = Writer(new CountingLogger(failed));
        writer.Start();
        _records.Writer.TryWrite(Row(1));
        await failed.WaitAsync(Ct);
        using (var connection = _opened.Store.OpenConnection())
            Run(connection, "ALTER TABLE away RENAME TO usage");
        await writer.DisposeAsync();

        using var db = _opened.Store.Read();
        Assert.Equal(1, await db.Usage.CountAsync(Ct));
    }

    [Fact]
    public async Task A_row_that_the_store_never_takes_costs_no_other_its_place()
    {
        var rows = Enumerable.Range(0, 200).Select(Row).ToArray();
        foreach (var bad in (int[])[0, 71, 72, 199])
            rows[bad].Caller = null!;
        var writer = Writer(NullLogger<UsageWriter>.Instance);
        writer.Start();
        foreach (var row in rows)
            _records.Writer.TryWrite(row);
        await writer.DisposeAsync();

        using var db = _opened.Store.Read();
        Assert.Equal([.. Enumerable.Range(0, 200).Except([0, 71, 72, 199]).Select(at => (long)at)], await db.Usage.OrderBy(row => row.At).Select(row => row.At).ToListAsync(Ct));
        Assert.Equal((196, 4), (writer.Written, writer.Lost));
    }

    private static void Run(Microsoft.Data.Sqlite.SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static UsageRow Row(int at) => new()
    {
        TeamId = new Guid("11111111-2222-3333-4444-555555555555"),
        ApiKeyId = new Guid("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
        At = at,
        TokenId = "abcdefghijkl",
        Route = "chat_completions",
        Status = 200,
    };

    private UsageWriter Writer(ILogger<UsageWriter> logger) => new(_opened.Store, _records.Reader, TimeProvider.System, logger);

    private async Task WriteAsync(params UsageRow[] rows)
    {
        await using var writer = Writer(NullLogger<UsageWriter>.Instance);
        writer.Start();
        foreach (var row in rows)
            _records.Writer.TryWrite(row);
    }

    private async Task<(long? Key, long? Token)> LastUsedAfterAsync(UsageWriter writer, int at, string token)
    {
        var before = writer.Written;
        var row = Row(at);
        row.TokenId = token;
        _records.Writer.TryWrite(row);
        while (writer.Written == before)
            await Task.Yield();
        using var db = _opened.Store.Read();
        return ((await db.ApiKeys.SingleAsync(Ct)).LastUsedAt, (await db.AccessTokens.SingleAsync(Ct)).LastUsedAt);
    }

    private sealed class CountingLogger(SemaphoreSlim errors) : ILogger<UsageWriter>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
                errors.Release();
        }
    }
}
