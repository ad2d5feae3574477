using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Echoes;
using Keypace.Domain.Hubs;
using Keypace.Domain.Vault;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// Opens keys' envelopes, as late as can be. What is kept between queries is the key derived for that one envelope, for at
/// most five minutes and in pinned memory, and a sketch by which most answers are seen to hold nothing of the secret; never the secret.
/// </summary>
internal sealed class Envelopes : IDisposable
{
    /// <summary>A minute less than the promise, which is how often it is looked at.</summary>
    private static readonly TimeSpan LongestKept = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Kept> _kept = new();
    private readonly SecretVault _vault;
    private readonly RandomBytes _random;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public Envelopes(SecretVault vault, RandomBytes random, TimeProvider time)
    {
        (_vault, _random, _time) = (vault, random, time);
        _sweep = time.CreateTimer(static envelopes => ((Envelopes)envelopes!).Sweep(), this, SweepEvery, SweepEvery);
    }

    private sealed record Kept(byte[] Envelope, byte[] Aad, RecordKey Key, long Since)
    {
        /// <summary>Null until the secret was opened, and where it is too short to be looked for.</summary>
        public SecretSketch? Sketch { get; private set; }

        public SecretSketch? SketchOf(ReadOnlySpan<byte> secret, RandomBytes random) =>
            Sketch ??= secret.Length >= SecretEcho.ShortestSecretBytes ? new SecretSketch(secret, random) : null;
    }

    /// <summary>The one secret of a key whose hub wants it in a header. <see cref="Credential.None"/> for a key without a secret.</summary>
    public Outcome<Credential> OpenForHeader(ServedKey key)
    {
        if (key.Envelope is not { } envelope || key.Binding is not { } binding)
            return Credential.None;
        var buffer = GC.AllocateUninitializedArray<byte>(envelope.Length);
        try
        {
            return TryOpen(key.Id, envelope, binding, buffer, out var bytes, out var kept)
                ? HeaderCredential.Of(key.Access.Auth, buffer.AsSpan(0, bytes), kept.SketchOf(buffer.AsSpan(0, bytes), _random))
                : NotOpenable(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>All secrets of a key, by field name (<c>value</c>, or the names of hub_config's secret fields). Keep them no longer than the call that needs them.</summary>
    public Outcome<OpenedSecrets> OpenFields(ServedKey key)
    {
        if (key.Envelope is not { } envelope || key.Binding is not { } binding)
            return NotOpenable(key);
        var buffer = GC.AllocateUninitializedArray<byte>(envelope.Length);
        try
        {
            return TryOpen(key.Id, envelope, binding, buffer, out var bytes, out _)
                ? new OpenedSecrets(SecretText.Split(key.Access.SecretFields, Encoding.UTF8.GetString(buffer.AsSpan(0, bytes))))
                : NotOpenable(key);
        }
        catch (System.Text.Json.JsonException)
        {
            return NotOpenable(key);   // sealed for other fields than the hub's file has now
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>Forgets what is past its time: keys that rest, that are gone, or that were only tested.</summary>
    internal void Sweep()
    {
        foreach (var (id, old) in _kept)
        {
            if (_time.GetElapsedTime(old.Since) >= LongestKept)
                _kept.TryRemove(KeyValuePair.Create(id, old));
        }
    }

    private bool TryOpen(Guid id, byte[] envelope, SecretBinding binding, byte[] buffer, out int bytes, [NotNullWhen(true)] out Kept? kept)
    {
        bytes = 0;
        return TryKeep(id, envelope, binding, out kept) && Envelope.TryOpen(kept.Key, envelope, kept.Aad, buffer, out bytes);
    }

    private bool TryKeep(Guid id, byte[] envelope, SecretBinding binding, [NotNullWhen(true)] out Kept? kept)
    {
        if (_kept.TryGetValue(id, out kept) && ReferenceEquals(kept.Envelope, envelope) && _time.GetElapsedTime(kept.Since) < LongestKept)
            return true;
        if (!_vault.TryDeriveRecordKey(envelope, binding.TeamId, binding.Purpose, out var recordKey))
            return false;
        // The one before is left to the collector, not disposed: another query may be opening with it at this moment. Its memory is zeroed there.
        kept = _kept[id] = new Kept(envelope, binding.ToBytes(), recordKey, _time.GetTimestamp());
        return true;
    }

    private static Refusal NotOpenable(ServedKey key) => new(RefusalReason.Conflict, "secret_not_openable",
        $"The stored secret of '{key.Name}' does not open: its record was damaged or moved. Enter the secret again.");

    public void Dispose()
    {
        _sweep.Dispose();
        foreach (var kept in _kept.Values)
            kept.Key.Dispose();
    }
}

/// <summary>A key's secrets in the open, for one signature or one token exchange. Prints as ***.</summary>
internal sealed class OpenedSecrets(IReadOnlyDictionary<string, string> byField)
{
    /// <summary>Null when the key has none of this name.</summary>
    public string? this[string field] => byField.GetValueOrDefault(field);

    public override string ToString() => "***";
}
