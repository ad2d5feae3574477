using System.Collections.Concurrent;
using Keypace.Domain;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;

namespace Keypace.Server.Gateway.Learning;

/// <summary>
/// What is wrong with a key, in a sentence for its page: from the failure until queries through it succeed again; a restart does not forget it.
/// What a query tells that went with a secret which the key has no more counts for nothing. While all keys are well, a query pays for one comparison.
/// </summary>
internal sealed class KeyHealth
{
    private const int MostRecoveries = 20;

    private readonly ConcurrentDictionary<Guid, Trouble> _troubles = new();
    private readonly TroubleTable _table;
    private readonly KeySnapshots _snapshots;
    private readonly TimeProvider _time;
    private int _count;

    public KeyHealth(TroubleTable table, KeySnapshots snapshots, TimeProvider time)
    {
        (_table, _snapshots, _time) = (table, snapshots, time);
        foreach (var kept in table.Load())
            _troubles[kept.ApiKeyId] = new Trouble(kept.Sentence, DateTimeOffset.FromUnixTimeMilliseconds(kept.At), kept.Code, FaultOf(kept.Code));
        _count = _troubles.Count;
    }

    /// <param name="Sentence">As the caller was told; never a secret.</param>
    /// <param name="Code">Of the refusal; empty where there was none.</param>
    /// <param name="Fault">What it tells of the key.</param>
    /// <param name="Failures">Since the key was well.</param>
    /// <param name="Recoveries">Queries that went well since the last failure.</param>
    internal sealed record Trouble(string Sentence, DateTimeOffset At, string Code, KeyFault Fault, int Failures = 1, int Recoveries = 0)
    {
        /// <summary>The hub takes the secret no more.</summary>
        public bool IsRefusal => Fault is KeyFault.SecretRefused;

        /// <summary>The hub takes the secret, and has nothing left to spend.</summary>
        public bool IsSpent => Fault is KeyFault.NothingLeft;

        /// <summary>What was often wrong is not put right by one query that went well; a secret that works again is.</summary>
        public int RecoveriesNeeded => IsRefusal || IsSpent ? 1 : Math.Min(MostRecoveries, 1 + Failures / 5);
    }

    /// <summary>Null while nothing is known against the key.</summary>
    public Trouble? Of(Guid apiKeyId) => Volatile.Read(ref _count) == 0 ? null : _troubles.GetValueOrDefault(apiKeyId);

    /// <summary>After a query: notes its trouble, or forgets an earlier one when the hub answers well again.</summary>
    /// <param name="key">As the query used it.</param>
    public void Settle(ServedKey key, string? trouble, string? code, KeyFault fault, int status)
    {
        if (trouble is not null)
            Note(key, trouble, code ?? "", fault);
        else if (status < 400 && Of(key.Id) is { } before && IsStill(key))
            Recover(key.Id, before);
    }

    /// <summary>The sentence of a refusal that is the hub's or the key's doing; null for any other.</summary>
    public static string? Sentence(Refusal refusal) =>
        refusal.Reason is RefusalReason.HubFailed or RefusalReason.HubTimedOut || refusal.Fault is KeyFault.NothingLeft ? refusal.Detail : null;

    /// <param name="key">As the query used it.</param>
    public void Note(ServedKey key, string sentence, string code, KeyFault fault)
    {
        if (!IsStill(key))
            return;
        var before = _troubles.GetValueOrDefault(key.Id);
        var now = new Trouble(sentence, _time.GetUtcNow(), code, fault, (before?.Failures ?? 0) + 1);
        _troubles[key.Id] = now;
        Volatile.Write(ref _count, _troubles.Count);
        // The store is told when something is new, not of each failure.
        if (before?.Code != code)
            _table.Keep(new KeptTrouble(key.Id, code, sentence, now.At.ToUnixTimeMilliseconds()));
        if (!IsStill(key))
            Clear(key.Id);   // another secret came meanwhile, and what it ended was ended before this was noted
    }

    /// <summary>A test of the key says that its secret works.</summary>
    public void NoteWell(ServedKey key)
    {
        if (IsStill(key))
            Clear(key.Id);
    }

    public void Clear(Guid apiKeyId)
    {
        if (Volatile.Read(ref _count) == 0 || !_troubles.TryRemove(apiKeyId, out _))
            return;
        Volatile.Write(ref _count, _troubles.Count);
        _table.Forget(apiKeyId);
    }

    /// <summary>False once the key has another secret or address than the query had, or is gone.</summary>
    private bool IsStill(ServedKey key) => _snapshots.Current.Keys.GetValueOrDefault(key.Id)?.Source == key.Source;

    private void Recover(Guid apiKeyId, Trouble before)
    {
        if (before.Recoveries + 1 >= before.RecoveriesNeeded)
            Clear(apiKeyId);
        else
            _troubles.TryUpdate(apiKeyId, before with { Recoveries = before.Recoveries + 1 }, before);
    }

    /// <summary>The store keeps codes: those that tell something of the key.</summary>
    private static KeyFault FaultOf(string code) => code switch
    {
        "hub_refused_key" => KeyFault.SecretRefused,
        "hub_quota_exhausted" => KeyFault.NothingLeft,
        _ => KeyFault.None,
    };
}
