using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Keypace.Server.Storage;

/// <summary>For <c>dotnet ef migrations add</c> only: it writes code and opens no store.</summary>
internal sealed class KeypaceDbFactory : IDesignTimeDbContextFactory<KeypaceDb>
{
    public KeypaceDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<KeypaceDb>().UseSqlite("Data Source=:memory:").Options);
}
