using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Access;

public sealed class AccessTokenTextTests
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [Fact]
    public void A_new_token_of_each_kind_parses_to_itself_and_is_found_by_the_scanner()
    {
        foreach (var (kind, letter) in Enum.GetValues<TokenKind>().Zip("aubirs"))
        {
            var token = AccessTokenText.Create(kind, SecureRandom.Fill);
            var text = token.Reveal();
            Assert.Equal(AccessTokenText.Characters, text.Length);
            Assert.StartsWith($"kp{letter}_{token.Id}_", text, StringComparison.Ordinal);
            Assert.True(AccessTokenText.TryParse(text, out var parsed, out var id));
            Assert.True(AccessTokenText.TryParse(Encoding.UTF8.GetBytes(text), out var parsedBytes, out var idOfBytes));
            Assert.Equal((kind, token.Id), (parsed, id));
            Assert.Equal((kind, token.Id), (parsedBytes, idOfBytes));
            Assert.Matches(AccessTokenText.ScannerPattern, $"curl -H 'Authorization: Bearer {text}' …");
            Assert.Equal($"kp{letter}_{token.Id}_***", token.ToString());
        }
    }

    [Fact]
    public void Tokens_are_all_different()
    {
        var ids = new HashSet<TokenId>();
        var texts = new HashSet<string>();
        for (var count = 0; count < Depth.Count(100_000, 100_000); count++)
        {
            var token = AccessTokenText.Create(TokenKind.Access, SecureRandom.Fill);
            Assert.True(ids.Add(token.Id) && texts.Add(token.Reveal()));
        }
    }

    [Fact]
    public void Any_one_wrong_character_and_any_two_swapped_are_told_by_the_checksum()
    {
        var text = AccessTokenText.Create(TokenKind.Access, new Random(7).NextBytes).Reveal();
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in (Alphabet + "_- ").Where(other => other != text[at]))
                Assert.False(AccessTokenText.TryParse(text[..at] + other + text[(at + 1)..], out _, out _), $"{at} {other}");
            if (at > 0 && text[at] != text[at - 1])
                Assert.False(AccessTokenText.TryParse(text[..(at - 1)] + text[at] + text[at - 1] + text[(at + 1)..], out _, out _), $"swap {at}");
            Assert.False(AccessTokenText.TryParse(text.AsSpan(0, at), out _, out _));
        }
    }

    [Fact]
    public void Odd_inputs_are_neither_tokens_nor_exceptions()
    {
        const int seed = 20261008;
        var random = new Random(seed);
        var valid = AccessTokenText.Create(TokenKind.Access, random.NextBytes).Reveal();
        for (var count = 0; count < Depth.Count(100_000, 100_000); count++)
        {
            var length = random.Next(4) == 0 ? random.Next(200) : AccessTokenText.Characters;
            var chars = count % 2 == 0 ? valid.PadRight(200)[..length].ToCharArray() : new char[length];
            var changes = count % 2 == 0 ? random.Next(1, 5) : length;
            for (var change = 0; change < changes && length > 0; change++)
                chars[random.Next(length)] = (char)random.Next(random.Next(2) == 0 ? 128 : 65_536);
            var bytes = new byte[length];
            random.NextBytes(bytes);

            var text = new string(chars);
            Assert.True(!AccessTokenText.TryParse(text, out _, out _) || text == valid, $"seed {seed}, input {count}: {text}");
            Assert.False(AccessTokenText.TryParse(bytes, out _, out _), $"seed {seed}, input {count}");
        }
    }

    [Fact]
    public void A_right_checksum_over_a_wrong_form_does_not_help()
    {
        Span<byte> digits = stackalloc byte[6];
        Span<byte> crc = stackalloc byte[4];
        foreach (var start in new[]
        {
            "kpx_AAAAAAAAAAAA_", "kpa-AAAAAAAAAAAA_", "kpa_AAAAAAAAAAAA-", "kpa_AAAAAA-AAAAA_", "KPA_AAAAAAAAAAAA_", "kpa_AAAAAAAAAAAA_-",
        })
        {
            var body = Encoding.ASCII.GetBytes(start.PadRight(60, '0'));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.Of(body));
            Base62.Encode(crc, digits);
            Assert.False(AccessTokenText.TryParse([.. body, .. digits], out _, out _), start);
        }
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        var text = AccessTokenText.Create(TokenKind.Access, SecureRandom.Fill).Reveal();
        var parsed = AccessTokenText.TryParse(text, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 1000; count++)
            parsed &= AccessTokenText.TryParse(text, out _, out _);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(parsed);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Ids_come_back_from_their_text() =>
        Gen.Char[Alphabet].Array[TokenId.Characters].Select(chars => new string(chars)).Sample(text =>
            TokenId.TryParse(text, out var id) && id.ToString() == text && TokenId.TryParse(text, out var again) && again == id);

    [Theory]
    [InlineData("")]
    [InlineData("0123456789a")]
    [InlineData("0123456789abc")]
    [InlineData("0123456789a_")]
    [InlineData("0123456789aä")]
    [InlineData("0123456789a١")]
    public void Other_texts_are_no_ids(string text) => Assert.False(TokenId.TryParse(text, out _));

    [Fact]
    public void Every_digit_of_an_id_is_about_equally_likely()
    {
        var counts = new int[128];
        var random = new Random(3);
        Span<byte> digits = stackalloc byte[TokenId.Characters];
        for (var count = 0; count < 62_000 / TokenId.Characters; count++)
        {
            Base62.FillRandom(digits, random.NextBytes);
            foreach (var digit in digits)
                counts[digit]++;
        }

        Assert.All(Alphabet, digit => Assert.InRange(counts[digit], 850, 1150));
    }
}
