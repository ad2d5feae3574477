using Keypace.Domain.Vault;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Storage;

internal static class WrappedKeys
{
    /// <param name="now">Unix milliseconds.</param>
    public static WrappedKeyRow ToRow(WrappedKey key, long now) => new()
    {
        KeyId = key.KeyId,
        Purpose = key.Purpose,
        TeamId = key.TeamId,
        KekId = key.KekId,
        Bytes = key.Bytes,
        CreatedAt = now,
    };
}
