using System.Text;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using static System.Convert;

namespace Keypace.Tests.Domain.Vault;

/// <summary>Byte for byte what an independent implementation writes.</summary>
public sealed class VectorTests
{
    [Fact]
    public void Twenty_envelopes_seal_to_the_fixed_bytes_and_open_again()
    {
        Assert.Equal(20, Vectors.Envelopes.Count);
        foreach (var vector in Vectors.Envelopes)
        {
            var binding = vector.Binding.ToBytes();
            Assert.Equal(vector.BindingBytes, Hex(binding));
            var envelope = Envelope.Seal(
                FromHexString(vector.DataKey), vector.KeyId, vector.Binding.Purpose, FromHexString(vector.Secret), binding,
                FromHexString(vector.Salt), FromHexString(vector.Nonce));
            Assert.Equal(vector.Envelope, Hex(envelope));

            using var key = Envelope.DeriveRecordKey(FromHexString(vector.DataKey), envelope, vector.Binding.Purpose);
            var secret = new byte[Envelope.SecretBound(envelope.Length)];
            Assert.True(Envelope.TryOpen(key, envelope, binding, secret, out var bytes), vector.Name);
            Assert.Equal(vector.Secret, Hex(secret.AsSpan(0, bytes)));
        }
    }

    [Fact]
    public void Wrapped_keys_and_the_written_form_of_their_key_are_the_fixed_bytes()
    {
        foreach (var vector in Vectors.Keys.Wrapped)
        {
            using var kek = new KeyEncryptionKey(vector.KekId, FromHexString(vector.Kek));
            var wrapped = WrappedKey.Wrap(
                kek, vector.InstanceId, vector.TeamId, vector.Purpose, vector.KeyId, FromHexString(vector.Key), FromHexString(vector.Salt),
                FromHexString(vector.Nonce));
            Assert.Equal(vector.Wrapped, Hex(wrapped.Bytes));
            Assert.True(wrapped.Unwrap(kek, vector.InstanceId).TryGet(out var key, out _));
            Assert.Equal(vector.Key, Hex(key.Writable));

            var text = new byte[KekText.Bytes + 1];
            KekText.Write(kek, text);
            Assert.Equal(vector.KekText + "\n", Encoding.ASCII.GetString(text));
        }
    }

    [Fact]
    public void Digests_are_the_fixed_bytes()
    {
        var vector = Vectors.Keys.Digests;
        var instanceKeys = InstanceKeys.From(new PinnedKey(FromHexString(vector.InstanceKey)), vector.InstanceId);
        using var vault = new SecretVault(vector.InstanceId, instanceKeys, [], SecureRandom.Fill);
        using var secret = Secret.FromText(vector.Secret);
        var record = Encoding.UTF8.GetBytes(vector.Record);

        Assert.Equal(vector.TokenDigest, Hex(vault.TokenDigest(vector.Token)));
        Assert.Equal(vector.Fingerprint, Hex(vault.Fingerprint(vector.TeamId, secret)));
        Assert.Equal(vector.RateGroupId, vault.RateGroupId(vector.TeamId, secret, vector.Destination));
        Assert.Equal(vector.AuditMac, Hex(vault.AuditMac(FromHexString(vector.PreviousMac), record)));
        Assert.Equal(vector.BackupManifestMac, Hex(vault.BackupManifestMac(record)));
    }

    [Fact]
    public void A_token_of_each_kind_is_the_fixed_text()
    {
        foreach (var (vector, kind) in Vectors.Tokens.Zip(Enum.GetValues<TokenKind>()))
        {
            var draws = 0;
            var token = AccessTokenText.Create(kind, destination =>
            {
                // First the digits of the id, one a byte, then the secret.
                destination.Clear();
                if (draws++ == 0)
                    vector.Id.Select(Digit).ToArray().CopyTo(destination);
                else
                    FromHexString(vector.Secret).CopyTo(destination);
            });
            Assert.Equal(vector.Token, token.Reveal());
            Assert.True(AccessTokenText.TryParse(vector.Token, out var parsed, out var id));
            Assert.Equal(kind, parsed);
            Assert.Equal(vector.Id, id.ToString());
        }
    }

    private static byte Digit(char one) =>
        (byte)"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".IndexOf(one, StringComparison.Ordinal);

    private static string Hex(ReadOnlySpan<byte> bytes) => ToHexStringLower(bytes);
}
