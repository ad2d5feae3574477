using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Domain.Vault;
using Keypace.Domain;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Gateway;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;
using Keypace.Tests.Server.Pacing;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Gateway;

public sealed class KeySnapshotsTests
{
    private static readonly Guid Team = Id(1, 0);

    /// <summary>Below and above the number from which it is done on several threads.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(KeySnapshots.Many + 10)]
    public void The_whole_store_is_found_by_id_name_hub_and_rate_group(int count)
    {
        var instance = Id(2, 0);
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, Team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        using var held = vault;
        var mapping = new RowMapping(HubCatalogue.Of([Custom()]), vault);
        var snapshots = new KeySnapshots(new RateGroups(new PacingOptions(), new FakeTimeProvider(), new OpenLedger()));

        snapshots.Load([.. Enumerable.Range(0, count).Select(i => mapping.Key(Row(i)))], [], []);

        var loaded = snapshots.Current;
        Assert.Equal((count, count, count), (loaded.Keys.Count, loaded.KeysByName.Count, Assert.Single(loaded.KeysByHub).Value.Length));
        Assert.Equal((count / 2, count / 2), (loaded.KeysByRateGroup.Count, loaded.RulesByRateGroup.Count));
        for (var i = 0; i < count; i++)
        {
            var key = loaded.Keys[Id(3, i)];
            Assert.Same(key, loaded.FindKey(Team, $"key {i}"));
            Assert.Contains(key, loaded.KeysByRateGroup[key.RateGroupId]);
            Assert.Equal($"https://example.com:443/{i}/v1/", key.Destination!.Address);
            Assert.Equal(60, loaded.RulesOf(key).Limit.Count);
        }
    }

    [Fact]
    public void Keys_in_one_group_go_under_all_their_limits_together_and_the_largest_guard()
    {
        var instance = Id(2, 0);
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, Team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        using var held = vault;
        var mapping = new RowMapping(HubCatalogue.Of([Custom()]), vault);
        var snapshots = new KeySnapshots(new RateGroups(new PacingOptions(), new FakeTimeProvider(), new OpenLedger()));
        var (first, second) = (Row(0), Row(1));
        (first.RateLimitPerInterval, first.RateLimitInterval, first.GuardMs) = (10, 1, null);
        (second.RateLimitPerInterval, second.RateLimitInterval, second.GuardMs) = (30, 30, 0);
        snapshots.Load([mapping.Key(first), mapping.Key(second)], [], []);
        var rules = snapshots.Current.RulesOf(snapshots.Current.Keys[first.Id]);
        Assert.Equal(new RateLimit(30, 30), rules.Limit);
        Assert.Equal([new Quota(QuotaDimension.Requests, 10, 1)], rules.Quotas);
        Assert.Equal((null, TimeSpan.Zero), (rules.Guard, rules.LeastGuard));   // the measured one rules still

        second.GuardMs = 80;
        snapshots.Put(mapping.Key(second));
        Assert.Equal(TimeSpan.FromMilliseconds(80), snapshots.GroupOf(snapshots.Current.Keys[first.Id]).GuardNow);
    }

    [Fact]
    public void A_limit_of_requests_that_is_set_later_counts_what_records_tell()
    {
        var instance = Id(2, 0);
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, Team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        using var held = vault;
        var mapping = new RowMapping(HubCatalogue.Of([Custom()]), vault);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var asked = 0;
        var snapshots = new KeySnapshots(new RateGroups(new PacingOptions(), time, new OpenLedger()))
        {
            RecordsOf = (keys, _) =>
            {
                asked++;
                Assert.Equal(Id(3, 0), Assert.Single(keys));
                return [new PastUse(time.GetUtcNow().AddHours(-3), "m", 6, 0, 0)];
            },
        };
        var row = Row(0);
        snapshots.Load([mapping.Key(row)], [], []);
        row.Limits = """[{"dimension":"requests","limit":7,"interval_seconds":86400},{"dimension":"tokens","limit":7,"interval_seconds":60}]""";
        snapshots.Put(mapping.Key(row));
        Assert.Equal(6, snapshots.GroupOf(snapshots.Current.Keys[row.Id]).Status().Quotas.Single(use => use.Quota.Seconds == 86_400).Used);
        row.Limits = row.Limits.Replace("7", "8", StringComparison.Ordinal);
        snapshots.Put(mapping.Key(row));
        Assert.Equal(1, asked);   // only a new one has to ask
    }

    /// <summary>It was a general 500, and what could not be committed was taken for a move at the next start.</summary>
    [Fact]
    public async Task A_move_that_the_journal_cannot_note_is_refused_and_leaves_no_trace()
    {
        var instance = Id(2, 0);
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, Team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        using var held = vault;
        var world = new PacingWorld();
        var snapshots = new KeySnapshots(world.Groups);
        var row = Row(0);
        snapshots.Load([new RowMapping(HubCatalogue.Of([Custom()]), vault).Key(row)], [], []);
        var rules = snapshots.Current.RulesOf(snapshots.Current.Keys[row.Id]);
        world.Burst(row.RateGroupId, rules.Limit, 9);
        GroupsOfKey[] moves = [new(row.RateGroupId, Id(4, 77))];

        world.Disk.IsBroken = true;
        var refusal = await snapshots.ForeseeAsync(moves);
        Assert.Equal(("journal_not_written", RefusalReason.Unavailable), (refusal!.Code, refusal.Reason));
        world.Disk.IsBroken = false;
        world.Pass(TimeSpan.FromSeconds(3));   // it is written anew

        Assert.Null(await snapshots.ForeseeAsync(moves));
        snapshots.MovesOver(moves);            // the commit threw
        world.KillAndStart();
        Assert.Equal(rules.Limit.Count, world.Burst(Id(4, 77), rules.Limit, rules.Limit.Count));
    }

    private static ApiKeyRow Row(int i) => new()
    {
        Id = Id(3, i),
        TeamId = Team,
        Name = $"key {i}",
        NameKey = $"KEY {i}",
        Hub = "custom",
        Url = $"https://example.com/{i}/v1",
        Destination = $"https://example.com:443/{i}/v1/",
        RateGroupId = Id(4, i / 2),
        RateLimitPerInterval = i % 2 == 0 ? 60 : 100,
        RateLimitInterval = 60,
    };

    private static HubProfile Custom()
    {
        using var file = typeof(HubLines).Assembly.GetManifestResourceStream("hubs/custom.json")!;
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        Assert.True(HubProfile.Parse(bytes.ToArray(), "custom.json").TryGet(out var hub, out var refusal), refusal?.Detail);
        return hub;
    }

    private static Guid Id(int kind, int i) => new(i, (short)kind, 0, [0, 0, 0, 0, 0, 0, 0, 1]);
}
