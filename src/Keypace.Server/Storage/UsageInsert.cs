using System.Text;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Keypace.Server.Storage;

/// <summary>
/// One prepared INSERT, bound by SQLite's own calls: this runs once a query, and ADO.NET's parameters would take most of its time. What a row
/// has in common with the one before it (its key, caller, model) stays bound.
/// </summary>
internal sealed class UsageInsert : IDisposable
{
    private const string Sql = """
        INSERT INTO usage ("TeamId", "At", "ApiKeyId", "AgentId", "TokenId", "Caller", "Hub", "Model", "Route", "Status", "ErrorCode",
            "PromptTokens", "CompletionTokens", "TotalTokens", "WaitedMs", "LatencyMs", "SentAt", "Attempts")
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """;

    private const int GuidCharacters = 36;
    private const int MostStackBytes = 512;

    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;
    private UsageRow? _bound;   // the row whose values are bound; null when none is, or nobody knows

    public UsageInsert(SqliteConnection connection)
    {
        _db = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_db, Sql, out _statement));
    }

    public void Run(UsageRow row)
    {
        BindShared(row);
        Bind(2, row.At);
        Bind(10, row.Status);
        Bind(12, row.PromptTokens);
        Bind(13, row.CompletionTokens);
        Bind(14, row.TotalTokens);
        Bind(15, row.WaitedMs);
        Bind(16, row.LatencyMs);
        Bind(17, row.SentAt);
        Bind(18, row.Attempts);

        var outcome = raw.sqlite3_step(_statement);
        // Reset gives the step's error once more; the step's own is the one to report.
        _ = raw.sqlite3_reset(_statement);
        if (outcome != raw.SQLITE_DONE)
            Check(outcome);
    }

    public void Dispose() => _statement.Dispose();

    private void BindShared(UsageRow row)
    {
        var (last, isFirst) = (_bound, _bound is null);
        _bound = null;   // should one of the calls fail
        if (isFirst || row.TeamId != last!.TeamId)
            Bind(1, row.TeamId);
        if (isFirst || row.ApiKeyId != last!.ApiKeyId)
            Bind(3, row.ApiKeyId);
        if (isFirst || row.AgentId != last!.AgentId)
            Bind(4, row.AgentId);
        if (isFirst || row.TokenId != last!.TokenId)
            Bind(5, row.TokenId);
        if (isFirst || row.Caller != last!.Caller)
            Bind(6, row.Caller);
        if (isFirst || row.Hub != last!.Hub)
            Bind(7, row.Hub);
        if (isFirst || row.Model != last!.Model)
            Bind(8, row.Model);
        if (isFirst || row.Route != last!.Route)
            Bind(9, row.Route);
        if (isFirst || row.ErrorCode != last!.ErrorCode)
            Bind(11, row.ErrorCode);
        _bound = row;
    }

    private void Bind(int column, long? value) =>
        Check(value is { } number ? raw.sqlite3_bind_int64(_statement, column, number) : raw.sqlite3_bind_null(_statement, column));

    private void Bind(int column, Guid? value)
    {
        if (value is not { } id)
        {
            Check(raw.sqlite3_bind_null(_statement, column));
            return;
        }

        // In capitals, as Entity Framework writes and compares them.
        Span<byte> text = stackalloc byte[GuidCharacters];
        id.TryFormat(text, out _, "D");
        Ascii.ToUpperInPlace(text, out _);
        Check(raw.sqlite3_bind_text(_statement, column, text));
    }

    private void Bind(int column, string? value)
    {
        if (value is null)
        {
            Check(raw.sqlite3_bind_null(_statement, column));
            return;
        }

        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        var utf8 = most <= MostStackBytes ? stackalloc byte[MostStackBytes] : new byte[most];
        // SQLite copies the text before the call returns. An empty span would be bound as NULL.
        Check(value.Length == 0
            ? raw.sqlite3_bind_text(_statement, column, "")
            : raw.sqlite3_bind_text(_statement, column, utf8[..Encoding.UTF8.GetBytes(value, utf8)]));
    }

    private void Check(int outcome) => SqliteException.ThrowExceptionForRC(outcome, _db);
}
