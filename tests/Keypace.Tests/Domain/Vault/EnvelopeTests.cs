using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class EnvelopeTests
{
    private static readonly Guid _instance = Guid.Parse("11111111-1111-7111-8111-111111111111");
    private static readonly Guid _team = Guid.Parse("22222222-2222-7222-8222-222222222222");
    private static readonly SecretBinding _binding = new(
        _instance, _team, VaultPurposes.ApiKeySecret, Guid.Parse("33333333-3333-7333-8333-333333333333"), 1, "openai", "https://api.openai.com:443/v1/",
        "header:authorization:bearer");

    private readonly byte[] _dataKey = SHA256.HashData("data key"u8);

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(2400)]
    public void Every_flipped_bit_keeps_an_envelope_shut(int secretBytes)
    {
        var secret = Enumerable.Repeat((byte)'s', secretBytes).ToArray();
        var (envelope, aad) = Seal(secret, _binding);
        using var rightKey = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        AssertOpens(rightKey, envelope, aad, secret);

        for (var bit = 0; bit < envelope.Length * 8; bit++)
        {
            envelope[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertShut(rightKey, envelope, aad, bit);
            // As after a restart: the key is derived from what the changed envelope says.
            using var derived = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
            AssertShut(derived, envelope, aad, bit);
            envelope[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        for (var bit = 0; bit < aad.Length * 8; bit++)
        {
            aad[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertShut(rightKey, envelope, aad, bit);
            aad[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        AssertOpens(rightKey, envelope, aad, secret);
    }

    [Fact]
    public void Shortened_and_lengthened_envelopes_stay_shut()
    {
        var (envelope, aad) = Seal("sk-test-not-a-real-key-0001"u8.ToArray(), _binding);
        using var key = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        for (var bytes = 0; bytes < envelope.Length; bytes++)
            AssertShut(key, envelope[..bytes], aad, bytes);
        for (var more = 1; more <= 3 * Envelope.BlockBytes; more++)
            AssertShut(key, [.. envelope, .. new byte[more]], aad, more);
        AssertShut(key, new byte[Envelope.MostSecretBytes * 2], aad, 0);
    }

    [Fact]
    public void An_envelope_opens_only_under_its_own_binding_whichever_field_differs()
    {
        var other = Guid.Parse("44444444-4444-7444-8444-444444444444");
        SecretBinding[] bindings =
        [
            _binding,
            _binding with { InstanceId = other },
            _binding with { TeamId = other },
            _binding with { Purpose = "other" },
            _binding with { ApiKeyId = other },
            _binding with { SecretVersion = 2 },
            _binding with { HubId = "mistral" },
            _binding with { Destination = "https://evil.example:443/v1/" },
            _binding with { Injection = "header:x-api-key" },
            // The same letters, cut elsewhere: lengths keep the fields apart.
            _binding with { HubId = "openaihttps:", Destination = "//api.openai.com:443/v1/" },
            _binding with { TeamId = _binding.ApiKeyId, ApiKeyId = _binding.TeamId },
        ];

        var sealedOnes = bindings.Select(binding => Seal(Encoding.ASCII.GetBytes(binding.ToString()), binding).Envelope).ToArray();
        for (var from = 0; from < bindings.Length; from++)
        {
            for (var to = 0; to < bindings.Length; to++)
            {
                using var key = Envelope.DeriveRecordKey(_dataKey, sealedOnes[from], bindings[to].Purpose);
                using var ownKey = Envelope.DeriveRecordKey(_dataKey, sealedOnes[from], bindings[from].Purpose);
                if (from == to)
                {
                    AssertOpens(key, sealedOnes[from], bindings[to].ToBytes(), Encoding.ASCII.GetBytes(bindings[from].ToString()));
                }
                else
                {
                    AssertShut(key, sealedOnes[from], bindings[to].ToBytes(), from);
                    AssertShut(ownKey, sealedOnes[from], bindings[to].ToBytes(), from);   // the binding alone keeps it shut
                }
            }
        }
    }

    [Fact]
    public void Another_data_key_does_not_open()
    {
        var (envelope, aad) = Seal("sk-test-not-a-real-key-0001"u8.ToArray(), _binding);
        using var key = Envelope.DeriveRecordKey(SHA256.HashData("another"u8), envelope, _binding.Purpose);
        AssertShut(key, envelope, aad, 0);
    }

    [Fact]
    public void A_right_tag_over_a_wrong_commitment_does_not_open()
    {
        var (envelope, aad) = Seal("sk-test-not-a-real-key-0001"u8.ToArray(), _binding);
        using var key = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        using var lease = key.Key.Use();
        envelope[40] ^= 1;
        var padded = new byte[Envelope.BlockBytes];
#pragma warning disable RS0030 // The forger seals by hand what our own Seal never would.
        using (var aes = new AesGcm(lease.Bytes[..32], Envelope.TagBytes))
            aes.Encrypt(envelope.AsSpan(72, 12), padded, envelope.AsSpan(84, 64), envelope.AsSpan(148), [.. envelope[..84], .. aad]);
#pragma warning restore RS0030
        AssertShut(key, envelope, aad, 40);
    }

    [Fact]
    public void The_padding_hides_the_length()
    {
        var lengths = Enumerable.Range(0, 61).Select(bytes => Seal(new byte[bytes], _binding).Envelope.Length).Distinct();
        Assert.Equal([Envelope.HeaderBytes + Envelope.BlockBytes + Envelope.TagBytes], lengths);
        Assert.Equal(Envelope.HeaderBytes + (2 * Envelope.BlockBytes) + Envelope.TagBytes, Seal(new byte[61], _binding).Envelope.Length);
    }

    [Fact]
    public void Any_secret_and_binding_come_back_as_they_went_in() =>
        Gen.Select(Gen.Byte.Array[0, 600], Gen.String.AlphaNumeric, Gen.ULong, Gen.UInt).Sample((secret, text, version, keyId) =>
        {
            var binding = _binding with { Destination = text, SecretVersion = version };
            var envelope = Envelope.Seal(
                _dataKey, keyId, binding.Purpose, secret, binding.ToBytes(), SHA256.HashData(secret), SHA256.HashData(secret).AsSpan(0, 12));
            using var key = Envelope.DeriveRecordKey(_dataKey, envelope, binding.Purpose);
            AssertOpens(key, envelope, binding.ToBytes(), secret);
            Assert.True(Envelope.TryReadKeyId(envelope, out var read));
            Assert.Equal(keyId, read);
        });

    [Fact]
    public void The_largest_secret_fits_and_a_larger_one_is_a_bug()
    {
        var largest = new byte[Envelope.MostSecretBytes];
        var (envelope, aad) = Seal(largest, _binding);
        using var key = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        AssertOpens(key, envelope, aad, largest);
        Assert.Throws<ArgumentOutOfRangeException>(() => Seal(new byte[Envelope.MostSecretBytes + 1], _binding));
    }

    [Fact]
    public void A_disposed_record_key_opens_nothing_not_even_what_was_sealed_under_zeros()
    {
        var (envelope, aad) = Seal("sk-test-not-a-real-key-0001"u8.ToArray(), _binding);
        envelope.AsSpan(40, 32).Clear();
        var key = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        key.Dispose();
        AssertShut(key, envelope, aad, 0);
    }

    [Fact]
    public void Opening_allocates_little()
    {
        var (envelope, aad) = Seal("sk-test-not-a-real-key-0001"u8.ToArray(), _binding);
        using var key = Envelope.DeriveRecordKey(_dataKey, envelope, _binding.Purpose);
        var secret = new byte[Envelope.SecretBound(envelope.Length)];
        Envelope.TryOpen(key, envelope, aad, secret, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 100; count++)
            Envelope.TryOpen(key, envelope, aad, secret, out _);
        var bytesEach = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        Assert.InRange(bytesEach, 0, 256);   // the AesGcm object and its handle
    }

    private (byte[] Envelope, byte[] Aad) Seal(byte[] secret, SecretBinding binding)
    {
        var aad = binding.ToBytes();
        return (Envelope.Seal(_dataKey, 7, binding.Purpose, secret, aad, SHA256.HashData("salt"u8), SHA256.HashData("nonce"u8).AsSpan(0, 12)), aad);
    }

    private static void AssertOpens(RecordKey key, byte[] envelope, byte[] aad, byte[] expected)
    {
        var secret = new byte[Envelope.SecretBound(envelope.Length)];
        Assert.True(Envelope.TryOpen(key, envelope, aad, secret, out var bytes));
        Assert.Equal(expected, secret[..bytes]);
    }

    private static void AssertShut(RecordKey key, byte[] envelope, byte[] aad, int at)
    {
        var secret = new byte[Envelope.SecretBound(envelope.Length)];
        Assert.False(Envelope.TryOpen(key, envelope, aad, secret, out var bytes), $"opened, changed at {at}");
        Assert.Equal(0, bytes);
        Assert.False(secret.AsSpan().ContainsAnyExcept((byte)0), $"something was written, changed at {at}");
    }
}
