using System.Text;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Keypace.Server.Storage;

/// <summary>
/// Prepared INSERTs, bound by SQLite's own calls: this runs once a query, and ADO.NET's parameters would take most of its time. Many rows go in
/// by one statement, so that tables and indexes are opened and searched once for all of them. What a row has in common with the one that had
/// its place before (its key, caller, model) stays bound.
/// </summary>
internal sealed class UsageInsert : IDisposable
{
    private const int Columns = 18;
    private const int GuidCharacters = 36;
    private const int MostStackBytes = 512;

    private static readonly int[] _sizes = [64, 8, 1];

    private readonly sqlite3 _db;
    private readonly Statement[] _statements;

    public UsageInsert(SqliteConnection connection)
    {
        _db = connection.Handle!;
        _statements = Array.ConvertAll(_sizes, rows => new Statement(_db, rows));
    }

    public void Run(List<UsageRow> rows)
    {
        var at = 0;
        foreach (var statement in _statements)
        {
            for (; rows.Count - at >= statement.Rows; at += statement.Rows)
                statement.Run(rows, at);
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
            statement.Dispose();
    }

    /// <summary>One INSERT of as many rows as it says.</summary>
    private sealed class Statement : IDisposable
    {
        private const string Sql = """
            INSERT INTO usage ("TeamId", "At", "ApiKeyId", "AgentId", "TokenId", "Caller", "Hub", "Model", "Route", "Status", "ErrorCode",
                "PromptTokens", "CompletionTokens", "TotalTokens", "WaitedMs", "LatencyMs", "SentAt", "Attempts")
            VALUES 
            """;

        private readonly sqlite3 _db;
        private readonly sqlite3_stmt _statement;
        private readonly UsageRow?[] _bound;   // whose values are bound in each place; null when nobody's are, or nobody knows
        private int _place;                    // parameters before the row that is being bound

        public Statement(sqlite3 db, int rows)
        {
            _db = db;
            _bound = new UsageRow?[rows];
            var row = "(" + string.Join(", ", Enumerable.Repeat("?", Columns)) + ")";
            Check(raw.sqlite3_prepare_v2(_db, Sql + string.Join(", ", Enumerable.Repeat(row, rows)), out _statement));
        }

        public int Rows => _bound.Length;

        public void Run(List<UsageRow> rows, int from)
        {
            for (var row = 0; row < Rows; row++)
                Bind(rows[from + row], row);
            var outcome = raw.sqlite3_step(_statement);
            // Reset gives the step's error once more; the step's own is the one to report.
            _ = raw.sqlite3_reset(_statement);
            if (outcome != raw.SQLITE_DONE)
                Check(outcome);
        }

        public void Dispose() => _statement.Dispose();

        private void Bind(UsageRow row, int place)
        {
            _place = place * Columns;
            BindShared(row, ref _bound[place]);
            Bind(2, row.At);
            Bind(10, row.Status);
            Bind(12, row.PromptTokens);
            Bind(13, row.CompletionTokens);
            Bind(14, row.TotalTokens);
            Bind(15, row.WaitedMs);
            Bind(16, row.LatencyMs);
            Bind(17, row.SentAt);
            Bind(18, row.Attempts);
        }

        private void BindShared(UsageRow row, ref UsageRow? bound)
        {
            var (last, isFirst) = (bound, bound is null);
            bound = null;   // should one of the calls fail
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
            bound = row;
        }

        private void Bind(int column, long? value) =>
            Check(value is { } number ? raw.sqlite3_bind_int64(_statement, _place + column, number) : raw.sqlite3_bind_null(_statement, _place + column));

        private void Bind(int column, Guid? value)
        {
            if (value is not { } id)
            {
                Check(raw.sqlite3_bind_null(_statement, _place + column));
                return;
            }

            // In capitals, as Entity Framework writes and compares them.
            Span<byte> text = stackalloc byte[GuidCharacters];
            id.TryFormat(text, out _, "D");
            Ascii.ToUpperInPlace(text, out _);
            Check(raw.sqlite3_bind_text(_statement, _place + column, text));
        }

        private void Bind(int column, string? value)
        {
            if (value is null)
            {
                Check(raw.sqlite3_bind_null(_statement, _place + column));
                return;
            }

            var most = Encoding.UTF8.GetMaxByteCount(value.Length);
            var utf8 = most <= MostStackBytes ? stackalloc byte[MostStackBytes] : new byte[most];
            // SQLite copies the text before the call returns. An empty span would be bound as NULL.
            Check(value.Length == 0
                ? raw.sqlite3_bind_text(_statement, _place + column, "")
                : raw.sqlite3_bind_text(_statement, _place + column, utf8[..Encoding.UTF8.GetBytes(value, utf8)]));
        }

        private void Check(int outcome) => SqliteException.ThrowExceptionForRC(outcome, _db);
    }
}
