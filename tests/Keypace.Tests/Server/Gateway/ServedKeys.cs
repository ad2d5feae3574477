using Keypace.Domain.Hubs;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;
using Keypace.Tests.Domain.Hubs;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Keys as the gateway serves them, without a store.</summary>
internal static class ServedKeys
{
    private static readonly Guid s_team = new(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

    public static ServedKey Of(HubProfile hub, string url = "https://hub.example/v1", string name = "lab key")
    {
        var instance = new Guid(2, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);
        var kek = KeyEncryptionKey.Create(new Random(1).NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, s_team, new Random(2).NextBytes)).TryGet(out var vault, out _));
        using var held = vault;
        Assert.True(Keypace.Domain.Keys.Destination.Parse(url).TryGet(out var destination, out _));
        return new RowMapping(HubCatalogue.Of([hub]), vault).Key(new ApiKeyRow
        {
            Id = new Guid(3, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
            TeamId = s_team,
            Name = name,
            NameKey = name.ToUpperInvariant(),
            Hub = hub.Name,
            Url = url,
            Destination = destination.Address,
            RateGroupId = new Guid(4, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]),
            RateLimitPerInterval = 60,
            RateLimitInterval = 60,
        });
    }

    public static ServedKey Custom { get; } = Of(TestHubs.Named("custom"));
}
