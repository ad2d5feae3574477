using System.Text;
using CsCheck;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class KekTextTests
{
    [Fact]
    public void Every_key_is_read_back_as_it_was_written() =>
        Gen.Int.Sample(seed =>
        {
            using var key = KeyEncryptionKey.Create(new Random(seed).NextBytes);
            var text = Write(key);
            Assert.Equal(KekText.Bytes + 1, text.Length);
            Assert.True(KekText.Parse(text, "a test").TryGet(out var read, out _));
            Assert.Equal(text, Write(read));
            Assert.True(KekText.Parse(text.AsSpan(0, KekText.Bytes), "a test").TryGet(out _, out _));   // without its line feed
        });

    [Fact]
    public void Every_changed_missing_or_added_character_is_refused_without_the_key()
    {
        using var key = KeyEncryptionKey.Create(new Random(1).NextBytes);
        var text = Write(key)[..KekText.Bytes];
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in "aA0_-:=\n "u8.ToArray().Where(other => other != text[at]))
            {
                var changed = (byte[])text.Clone();
                changed[at] = other;
                AssertMalformed(changed, text);
            }

            AssertMalformed([.. text[..at], .. text[(at + 1)..]], text);
            AssertMalformed([.. text[..at], (byte)'a', .. text[at..]], text);
        }

        AssertMalformed([.. text, (byte)'\r', (byte)'\n'], text);
        AssertMalformed([.. text, (byte)'\n', (byte)'\n'], text);
        AssertMalformed([.. "\uFEFF"u8, .. text], text);
        AssertMalformed([], text);
    }

    [Fact]
    public void A_second_spelling_of_the_same_key_is_refused_though_its_checksum_fits()
    {
        using var key = KeyEncryptionKey.Create(new Random(1).NextBytes);
        var line = Encoding.ASCII.GetString(Write(key)[..70]);
        const string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // The last of 43 digits has two bits that belong to no byte.
        var spare = line[..^1] + digits[digits.IndexOf(line[^1], StringComparison.Ordinal) ^ 1];
        AssertMalformed(WithChecksum(spare), Write(key));
        AssertMalformed(WithChecksum(line[..^1] + " "), Write(key));
        AssertMalformed(WithChecksum(line[..^1] + "="), Write(key));
        AssertMalformed(WithChecksum(line[..40] + "+/" + line[42..]), Write(key));
        AssertMalformed(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(WithChecksum(line)).ToUpperInvariant()), Write(key));
        Assert.True(KekText.Parse(WithChecksum(line), "a test").TryGet(out _, out _));
    }

    [Fact]
    public void Noise_is_refused_and_never_throws() =>
        Gen.Byte.Array[0, 200].Sample(noise => !KekText.Parse(noise, "a test").TryGet(out _, out var refusal) && refusal.Code == "kek_malformed");

    private static byte[] WithChecksum(string line) =>
        Encoding.ASCII.GetBytes($"{line}:{Crc32.Of(Encoding.ASCII.GetBytes(line)):x8}");

    private static byte[] Write(KeyEncryptionKey key)
    {
        var text = new byte[KekText.Bytes + 1];
        KekText.Write(key, text);
        return text;
    }

    private static void AssertMalformed(byte[] text, byte[] right)
    {
        Assert.False(KekText.Parse(text, "a test").TryGet(out _, out var refusal), Encoding.ASCII.GetString(text));
        Assert.Equal("kek_malformed", refusal.Code);
        Assert.DoesNotContain(Encoding.ASCII.GetString(right, 27, 43)[..8], refusal.Detail, StringComparison.Ordinal);
    }
}
