using System.Collections.Concurrent;
using Keypace.Domain;

namespace Keypace.Server.Gateway.Learning;

/// <summary>
/// What went wrong last with a key, in a sentence for its page: from the failure until a query through it succeeds, or the server starts anew.
/// While all keys are well, a query pays for one comparison.
/// </summary>
internal sealed class KeyHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Trouble> _troubles = new();
    private int _count;

    /// <param name="Sentence">As the caller was told; never a secret.</param>
    internal sealed record Trouble(string Sentence, DateTimeOffset At);

    /// <summary>Null while nothing is known against the key.</summary>
    public Trouble? Of(Guid apiKeyId) => Volatile.Read(ref _count) == 0 ? null : _troubles.GetValueOrDefault(apiKeyId);

    /// <summary>After a query: notes its trouble, or forgets an earlier one when the hub answered well.</summary>
    public void Settle(Guid apiKeyId, string? trouble, int status)
    {
        if (trouble is not null)
            Note(apiKeyId, trouble);
        else if (status < 400)
            Clear(apiKeyId);
    }

    /// <summary>The sentence of a refusal that is the hub's or the key's doing; null for any other.</summary>
    public static string? Sentence(Refusal refusal) => refusal.Reason is RefusalReason.HubFailed or RefusalReason.HubTimedOut ? refusal.Detail : null;

    public void Note(Guid apiKeyId, string sentence)
    {
        _troubles[apiKeyId] = new Trouble(sentence, time.GetUtcNow());
        Volatile.Write(ref _count, _troubles.Count);
    }

    public void Clear(Guid apiKeyId)
    {
        if (Volatile.Read(ref _count) == 0 || !_troubles.TryRemove(apiKeyId, out _))
            return;
        Volatile.Write(ref _count, _troubles.Count);
    }
}
