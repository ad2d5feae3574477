using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Tests.Domain.Pacing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Pacing;

/// <summary>A pretend machine with a disk, and two keys that are used on it.</summary>
public abstract class JournalTests
{
    protected static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    protected static readonly Guid Other = new("0193f5a0-0000-7000-8000-000000000002");
    protected static readonly RateLimit Ten = new(10, 60);

    internal PacingWorld World { get; } = new();

    internal RateGroups Restart(MemoryDisk disk, bool isStoreNew) =>
        new(World.Options, World.Time, PaceJournal.Open(disk, World, World.Time, isStoreNew, NullLogger<PaceJournal>.Instance, work => work()));
}
