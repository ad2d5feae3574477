using System.Security.Cryptography;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class SecretVaultTests : IDisposable
{
    private readonly Guid _instance = Guid.Parse("11111111-1111-7111-8111-111111111111");
    private readonly Guid _team = Guid.Parse("22222222-2222-7222-8222-222222222222");
    private readonly Guid _otherTeam = Guid.Parse("55555555-5555-7555-8555-555555555555");
    private readonly KeyEncryptionKey _kek = KeyEncryptionKey.Create(Seeded(1));
    private readonly IReadOnlyList<WrappedKey> _keys;
    private readonly SecretVault _vault;

    public SecretVaultTests()
    {
        _keys = [.. VaultKeys.Create(_kek, _instance, _team, Seeded(2)), VaultKeys.CreateTeamKey(_kek, _instance, _otherTeam, 3, Seeded(3))];
        _vault = Unlock(_kek, _instance, _keys);
    }

    private SecretBinding Binding => new(
        _instance, _team, VaultPurposes.ApiKeySecret, Guid.Parse("33333333-3333-7333-8333-333333333333"), 1, "openai", "https://api.openai.com:443/v1/",
        "header:authorization:bearer");

    public void Dispose()
    {
        _vault.Dispose();
        _kek.Dispose();
    }

    [Fact]
    public void A_sealed_secret_opens_after_a_restart()
    {
        using var secret = Secret.FromText("sk-test-not-a-real-key-0001");
        var envelope = _vault.Seal(secret, Binding);
        using var restarted = Unlock(_kek, _instance, _keys);
        Assert.True(restarted.Open(envelope, Binding).TryGet(out var opened, out _));
        Assert.Equal("sk-test-not-a-real-key-0001", opened.Reveal());
        Assert.True(restarted.TryDeriveRecordKey(envelope, _team, VaultPurposes.ApiKeySecret, out var key));
        key.Dispose();
    }

    [Fact]
    public void The_same_secret_never_seals_to_the_same_bytes()
    {
        using var secret = Secret.FromText("sk-test-not-a-real-key-0001");
        var envelopes = Enumerable.Range(0, 100).Select(_ => Convert.ToHexString(_vault.Seal(secret, Binding)[8..40])).ToHashSet();
        Assert.Equal(100, envelopes.Count);
    }

    [Fact]
    public void Whatever_keeps_an_envelope_shut_the_refusal_is_one_and_the_same()
    {
        using var secret = Secret.FromText("sk-test-not-a-real-key-0001");
        var envelope = _vault.Seal(secret, Binding);
        var damaged = (byte[])envelope.Clone();
        damaged[100] ^= 1;
        var refusals = new[]
        {
            _vault.Open([], Binding),
            _vault.Open(envelope.AsSpan(1), Binding),
            _vault.Open(damaged, Binding),
            _vault.Open(envelope, Binding with { TeamId = _otherTeam }),
            _vault.Open(envelope, Binding with { InstanceId = _otherTeam }),
            _vault.Open(envelope, Binding with { Purpose = VaultPurposes.Instance }),
            _vault.Open(envelope, Binding with { Destination = "https://evil.example:443/" }),
            _vault.Open(envelope, Binding with { SecretVersion = 2 }),
        }.Select(outcome => outcome.TryGet(out _, out var refusal) ? null : refusal).ToArray();

        Assert.All(refusals, refusal => Assert.Equal(refusals[0], refusal));
        Assert.Equal("secret_not_openable", refusals[0]!.Code);
    }

    [Fact]
    public void A_newer_data_key_seals_and_the_older_still_opens()
    {
        using var secret = Secret.FromText("sk-test-not-a-real-key-0001");
        var old = _vault.Seal(secret, Binding);
        using var later = Unlock(_kek, _instance, [.. _keys, VaultKeys.CreateTeamKey(_kek, _instance, _team, 9, Seeded(9))]);
        Assert.True(later.Open(old, Binding).TryGet(out _, out _));
        Assert.True(Envelope.TryReadKeyId(later.Seal(secret, Binding), out var keyId));
        Assert.Equal(9u, keyId);
    }

    [Fact]
    public void Another_key_encryption_key_is_refused_as_wrong_even_under_the_same_id()
    {
        using var another = KeyEncryptionKey.Create(Seeded(77));
        AssertRefused("kek_wrong", another, _instance, _keys);
        using var sameName = new KeyEncryptionKey(_kek.Id, SHA256.HashData("x"u8));
        AssertRefused("kek_wrong", sameName, _instance, _keys);
    }

    [Fact]
    public void Keys_that_were_moved_damaged_or_lost_are_refused_as_damaged()
    {
        AssertRefused("data_key_damaged", _kek, _team, _keys);   // another installation
        AssertRefused("data_key_damaged", _kek, _instance, [_keys[0], _keys[1] with { TeamId = _otherTeam }]);
        AssertRefused("data_key_damaged", _kek, _instance, [_keys[0], _keys[1] with { KeyId = 8 }]);
        AssertRefused("data_key_damaged", _kek, _instance, [_keys[0], _keys[1] with { Purpose = "other" }]);
        AssertRefused("data_key_damaged", _kek, _instance, [_keys[0], _keys[1] with { Bytes = [] }]);
        AssertRefused("data_key_damaged", _kek, _instance, [_keys[1]]);
        AssertRefused("data_key_damaged", _kek, _instance, []);
    }

    [Fact]
    public void Every_flipped_bit_of_a_wrapped_key_is_refused()
    {
        var bytes = _keys[1].Bytes;
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(VaultKeys.Unlock(_kek, _instance, _keys).TryGet(out _, out var refusal), $"bit {bit}");
            Assert.Contains(refusal.Code, new[] { "kek_wrong", "data_key_damaged" });
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Equal_secrets_are_told_in_one_team_and_not_across_teams_or_stores()
    {
        using var secret = Secret.FromText("sk-test-not-a-real-key-0001");
        using var equal = Secret.FromText("sk-test-not-a-real-key-0001");
        using var other = Secret.FromText("sk-test-not-a-real-key-0002");
        Assert.Equal(_vault.Fingerprint(_team, secret), _vault.Fingerprint(_team, equal));
        Assert.Equal(SecretVault.FingerprintBytes, _vault.Fingerprint(_team, secret).Length);
        Assert.NotEqual(_vault.Fingerprint(_team, secret), _vault.Fingerprint(_team, other));
        Assert.NotEqual(_vault.Fingerprint(_team, secret), _vault.Fingerprint(_otherTeam, secret));

        using var kek = KeyEncryptionKey.Create(Seeded(5));
        using var otherStore = Unlock(kek, _instance, VaultKeys.Create(kek, _instance, _team, Seeded(6)));
        Assert.NotEqual(_vault.Fingerprint(_team, secret), otherStore.Fingerprint(_team, secret));

        const string destination = "https://api.openai.com:443/v1/";
        Assert.Equal(_vault.RateGroupId(_team, secret, destination), _vault.RateGroupId(_team, equal, destination));
        Assert.NotEqual(_vault.RateGroupId(_team, secret, destination), _vault.RateGroupId(_team, secret, "https://api.mistral.ai:443/v1/"));
        Assert.NotEqual(_vault.RateGroupId(_team, secret, destination), _vault.RateGroupId(_otherTeam, secret, destination));
        Assert.Equal(8, _vault.RateGroupId(_team, secret, destination).Version);
    }

    [Fact]
    public void A_token_matches_its_own_digest_only()
    {
        const string token = "kpa_any_text";
        var digest = _vault.TokenDigest(token);
        var fromBytes = new byte[SecretVault.DigestBytes];
        _vault.TokenDigest("kpa_any_text"u8, fromBytes);
        Assert.Equal(digest, fromBytes);
        Assert.True(_vault.TokenMatches(token, digest));
        Assert.False(_vault.TokenMatches(token + "x", digest));
        Assert.False(_vault.TokenMatches(token, []));
        Assert.False(_vault.TokenMatches(token, digest.AsSpan(0, 16)));
        Assert.False(_vault.TokenMatches(new string('x', 10_000), digest));
    }

    [Fact]
    public void Sealing_for_another_store_or_an_unknown_team_is_a_bug()
    {
        using var secret = Secret.FromText("x");
        Assert.Throws<ArgumentException>(() => _vault.Seal(secret, Binding with { InstanceId = _team }));
        Assert.Throws<ArgumentException>(() => _vault.Seal(secret, Binding with { TeamId = _instance }));
    }

    [Fact]
    public void A_disposed_vault_does_nothing_more()
    {
        using var secret = Secret.FromText("x");
        var envelope = _vault.Seal(secret, Binding);
        _vault.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _vault.Seal(secret, Binding));
        Assert.Throws<ObjectDisposedException>(() => _vault.Open(envelope, Binding));
        Assert.Throws<ObjectDisposedException>(() => _vault.TokenDigest("x"));
    }

    private static RandomBytes Seeded(int seed)
    {
        var random = new Random(seed);
        return random.NextBytes;
    }

    private static SecretVault Unlock(KeyEncryptionKey kek, Guid instanceId, IReadOnlyList<WrappedKey> keys)
    {
        Assert.True(VaultKeys.Unlock(kek, instanceId, keys).TryGet(out var vault, out var refusal), refusal?.Detail);
        return vault;
    }

    private static void AssertRefused(string code, KeyEncryptionKey kek, Guid instanceId, IReadOnlyList<WrappedKey> keys)
    {
        Assert.False(VaultKeys.Unlock(kek, instanceId, keys).TryGet(out _, out var refusal));
        Assert.Equal(code, refusal.Code);
    }
}
