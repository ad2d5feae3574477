using System.Reflection;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Keypace.Tests.Server.Storage;

/// <summary>The program's schema and one migration more: seen with it, today's store is an older one.</summary>
internal static class TestOnlySchema
{
    public const string Migration = "29990101000000_TestOnly";

    public static readonly StoreSchema WithOneMore = new(
        [.. StoreSchema.Current.Migrations, Migration],
        options => options
            .ReplaceService<IMigrationsAssembly, OneMore>()
            .ConfigureWarnings(warnings => warnings.Ignore(Microsoft.EntityFrameworkCore.Diagnostics.RelationalEventId.PendingModelChangesWarning)));

#pragma warning disable EF1001 // Replacing the list of migrations is what this class is for.
    private sealed class OneMore(
        ICurrentDbContext context,
        IDbContextOptions options,
        IMigrationsIdGenerator ids,
        Microsoft.EntityFrameworkCore.Diagnostics.IDiagnosticsLogger<DbLoggerCategory.Migrations> logger)
        : Microsoft.EntityFrameworkCore.Migrations.Internal.MigrationsAssembly(context, options, ids, logger)
    {
        public override IReadOnlyDictionary<string, TypeInfo> Migrations => new SortedDictionary<string, TypeInfo>(
            base.Migrations.ToDictionary(one => one.Key, one => one.Value)) { [Migration] = typeof(AddTable).GetTypeInfo() };
    }
#pragma warning restore EF1001

    [Migration(Migration)]
    private sealed class AddTable : Microsoft.EntityFrameworkCore.Migrations.Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("CREATE TABLE test_only (id INTEGER PRIMARY KEY)");
    }
}
