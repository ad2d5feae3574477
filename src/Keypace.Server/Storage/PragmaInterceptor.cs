using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Keypace.Server.Storage;

/// <summary>Connections are not pooled, so that "opened" always means a new one: a pooled one cannot be told from it.</summary>
internal sealed class PragmaInterceptor : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        // Migrate looks whether there is a database over a read-only connection of its own, which could not take the journal mode.
        if (raw.sqlite3_db_readonly(((SqliteConnection)connection).Handle!, "main") == 0)
            StorePragmas.Apply((SqliteConnection)connection);
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
