using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Server.Gateway;

/// <summary>
/// Step 4: opens a key's envelope, as late as can be. What is kept between queries is the key derived for that one envelope, for at
/// most five minutes and in pinned memory; never the secret.
/// </summary>
internal sealed class Credentials : IDisposable
{
    /// <summary>A minute less than the promise, which is how often it is looked at.</summary>
    private static readonly TimeSpan LongestKept = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, Kept> _kept = new();
    private readonly SecretVault _vault;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public Credentials(SecretVault vault, TimeProvider time)
    {
        (_vault, _time) = (vault, time);
        _sweep = time.CreateTimer(static credentials => ((Credentials)credentials!).Sweep(), this, SweepEvery, SweepEvery);
    }

    private sealed record Kept(byte[] Envelope, byte[] Aad, RecordKey Key, long Since);

    public Outcome<Credential> Open(ServedKey key)
    {
        if (key.Envelope is not { } envelope || key.Binding is not { } binding)
            return Credential.None;
        if (!TryKeep(key.Id, envelope, binding, out var kept))
            return NotOpenable(key);

        var buffer = GC.AllocateUninitializedArray<byte>(envelope.Length);
        try
        {
            return Envelope.TryOpen(kept.Key, envelope, kept.Aad, buffer, out var bytes)
                ? Credential.Of(key.Access.Auth.Scheme, buffer.AsSpan(0, bytes))
                : NotOpenable(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
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

    /// <summary>Forgets what is past its time: keys that rest, that are gone, or that were only tested.</summary>
    internal void Sweep()
    {
        foreach (var (id, old) in _kept)
        {
            if (_time.GetElapsedTime(old.Since) >= LongestKept)
                _kept.TryRemove(KeyValuePair.Create(id, old));
        }
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

/// <summary>A secret as one query carries it: the header's value, and what to look for in the answer. Prints as ***.</summary>
internal sealed class Credential : IDisposable
{
    public static readonly Credential None = new(null, null, null);

    private readonly byte[]? _secret;

    private Credential(string? headerValue, string? text, byte[]? secret)
    {
        HeaderValue = headerValue;
        Text = text;
        _secret = secret;
        Scrub = secret is null ? null : SecretScrub.For(secret);
    }

    /// <summary>Null for a key without a secret.</summary>
    public string? HeaderValue { get; }

    public string? Text { get; }

    public SecretScrub? Scrub { get; }

    public static Credential Of(string scheme, ReadOnlySpan<byte> secret)
    {
        var text = Encoding.UTF8.GetString(secret);
        return new Credential(scheme.Length == 0 ? text : scheme + text, text, secret.ToArray());
    }

    public override string ToString() => "***";

    public void Dispose()
    {
        Scrub?.Dispose();
        if (_secret is not null)
            CryptographicOperations.ZeroMemory(_secret);
    }
}
