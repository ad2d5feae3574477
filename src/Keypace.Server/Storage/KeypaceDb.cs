using Keypace.Domain.Keys;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Storage;

/// <summary>The store's tables. Rows are plain; what may be done with them is decided in Features and Domain.</summary>
internal sealed class KeypaceDb(DbContextOptions<KeypaceDb> options) : DbContext(options)
{
    public DbSet<InstanceRow> Instances => Set<InstanceRow>();
    public DbSet<WrappedKeyRow> WrappedKeys => Set<WrappedKeyRow>();
    public DbSet<TeamRow> Teams => Set<TeamRow>();
    public DbSet<MemberRow> Members => Set<MemberRow>();
    public DbSet<AccessTokenRow> AccessTokens => Set<AccessTokenRow>();
    public DbSet<SessionRow> Sessions => Set<SessionRow>();
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<AgentRow> Agents => Set<AgentRow>();
    public DbSet<UsageRow> Usage => Set<UsageRow>();
    public DbSet<AuditRow> Audit => Set<AuditRow>();
    public DbSet<LessonRow> Lessons => Set<LessonRow>();
    public DbSet<TroubleRow> Troubles => Set<TroubleRow>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<InstanceRow>().ToTable("instance");
        model.Entity<TeamRow>().ToTable("teams");
        model.Entity<WrappedKeyRow>(key =>
        {
            key.ToTable("wrapped_keys");
            key.HasKey(row => row.KeyId);
            key.Property(row => row.KeyId).ValueGeneratedNever();
        });
        model.Entity<MemberRow>(member =>
        {
            member.ToTable("members");
            member.HasIndex(row => row.EmailKey).IsUnique();
        });
        model.Entity<AccessTokenRow>(token =>
        {
            token.ToTable("access_tokens");
            token.Property(row => row.Priority).HasDefaultValue("interactive");
        });
        model.Entity<SessionRow>(session =>
        {
            session.ToTable("sessions");
            session.HasIndex(row => row.MemberId);
        });
        model.Entity<ApiKeyRow>(key =>
        {
            key.ToTable("api_keys");
            // A deleted key leaves its name free at once; that is why the index has a filter.
            key.HasIndex(row => new { row.TeamId, row.NameKey }).IsUnique().HasFilter("\"Status\" <> 'deleted'");
            key.HasIndex(row => row.RateGroupId);
            key.Property(row => row.Version).IsConcurrencyToken();
            key.Property(row => row.Pacing).HasDefaultValue("auto");
            key.Property(row => row.Status).HasConversion(status => status.Word(), word => StatusWords.StoredKey(word));
        });
        model.Entity<AgentRow>(agent =>
        {
            agent.ToTable("agents");
            agent.HasIndex(row => new { row.TeamId, row.NameKey }).IsUnique();
            agent.HasIndex(row => row.ApiKeyId);
            agent.Property(row => row.Version).IsConcurrencyToken();
            agent.Property(row => row.Status).HasConversion(status => status.Word(), word => StatusWords.StoredAgent(word));
        });
        model.Entity<LessonRow>(lesson =>
        {
            lesson.ToTable("lessons");
            lesson.HasKey(row => row.Source);
            lesson.Property(row => row.Source).ValueGeneratedNever();
        });
        model.Entity<TroubleRow>(trouble =>
        {
            trouble.ToTable("key_troubles");
            trouble.HasKey(row => row.ApiKeyId);
            trouble.Property(row => row.ApiKeyId).ValueGeneratedNever();
        });
        model.Entity<UsageRow>(usage =>
        {
            usage.ToTable("usage");
            usage.HasIndex(row => row.At);
            usage.HasIndex(row => new { row.ApiKeyId, row.Id });
        });
        model.Entity<AuditRow>(audit =>
        {
            audit.ToTable("audit");
            audit.HasIndex(row => new { row.SubjectId, row.Id });
        });
    }
}
