using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Running;

/// <summary>
/// How long a number of questions will take at a key's present limit and queue, from the server's own figures. Reckons as the pacer does: the
/// window opens for N sends every T + G seconds (or one by one, where the key's pacing is smooth). Others who come later, a hub that pushes back and other limits of the key can only make it longer.
/// </summary>
internal sealed class Outlook(KeypaceClient keypace, string keyId, TimeProvider clock)
{
    /// <summary>The key behind what is asked; null when the token may not look, or when several keys could answer.</summary>
    public static async Task<Outlook?> FindAsync(KeypaceClient keypace, Commands.Asked asked, TimeProvider clock, CancellationToken ct)
    {
        try
        {
            var id = asked switch
            {
                { Agent: { } agent } => (await keypace.Agents.FindAsync(agent, ct))?.ApiKeyId,
                { Key: { } key } => (await keypace.ApiKeys.FindAsync(key, ct))?.Id,
                { Model: { } model } when model.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash =>
                    await keypace.ApiKeys.ListAsync([model[..slash]], ct) is [var only] ? only.Id : null,
                _ => null,
            };
            return id is null ? null : new Outlook(keypace, id, clock);
        }
        catch (KeypaceException cannotLook) when (cannotLook.Status is not (null or 401))
        {
            return null;
        }
    }

    public Task<ApiKeyStatus> NowAsync(CancellationToken ct) => keypace.ApiKeys.StatusAsync(keyId, ct);

    /// <summary>Time until the last of <paramref name="questions"/> leaves for the hub, when those that wait now go first.</summary>
    /// <param name="questions">Those that the server has not got yet.</param>
    public TimeSpan Reckon(ApiKeyStatus now, long questions)
    {
        var nowSeconds = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
        var window = now.RateLimitInterval + (now.GuardMs / 1000.0);
        var limit = Math.Max(1, now.EffectiveLimit);
        if (now.PacingNow == "smooth" && questions + now.Waiting > 0)
        {
            return TimeSpan.FromSeconds((questions + now.Waiting - 1) * window / limit);   // one after another, evenly
        }

        var last = now.UsedNow + now.Waiting + questions;   // the place of the last one, counted from the first send that still counts
        var windows = Math.Max(0, (last - 1) / limit);

        // The first send that counts was so long ago; while the window is not full nobody says, and it counts as sent now.
        var age = now.NextFreeAt is { } free && now.UsedNow >= limit ? Math.Clamp(window - (free - nowSeconds), 0, window) : 0;
        var paused = now.PausedUntil is { } until ? Math.Max(0, until - nowSeconds) : 0;
        return TimeSpan.FromSeconds(questions + now.Waiting == 0 ? 0 : Math.Max(paused, (windows * window) - age));
    }
}
