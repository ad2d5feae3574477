using System.Text;
using CsCheck;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Tests.Server.Gateway;

/// <summary>A hub sends the key back in other clothes (security.md's T8): none of them passes, however it is cut.</summary>
public sealed class SecretEchoTests
{
    private static readonly Gen<string> Secrets = Gen.Char["abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+="].Array[20, 120].Select(all => new string(all));

    private static readonly (string Name, Func<byte[], string> Wear)[] Clothes =
    [
        ("plain", Encoding.UTF8.GetString),
        ("base64", Convert.ToBase64String),
        ("base64 one in", secret => Convert.ToBase64String([(byte)'x', .. secret, (byte)'y'])),
        ("base64 two in", secret => Convert.ToBase64String([(byte)'x', (byte)'x', .. secret])),
        ("base64 of the header", secret => Convert.ToBase64String([.. "Bearer "u8, .. secret])),
        ("url-safe base64", secret => Convert.ToBase64String(secret).Replace('+', '-').Replace('/', '_').TrimEnd('=')),
        ("base64 with \\/", secret => Convert.ToBase64String(secret).Replace("/", "\\/", StringComparison.Ordinal)),
        ("base64 with \\u002B", secret => Convert.ToBase64String(secret).Replace("+", "\\u002B", StringComparison.Ordinal).Replace("=", "%3D", StringComparison.Ordinal)),
        ("hex", Convert.ToHexStringLower),
        ("HEX", Convert.ToHexString),
        ("url", secret => Uri.EscapeDataString(Encoding.UTF8.GetString(secret))),
        ("url of every byte", secret => Each(secret, one => $"%{one:X2}")),
        ("url of every byte, small", secret => Each(secret, one => $"%{one:x2}")),
        ("url twice", secret => Each(secret, one => $"%25{one:X2}")),
        ("\\u", secret => Each(secret, one => $"\\u{one:x4}")),
        ("\\\\u", secret => Each(secret, one => $"\\\\u{one:X4}")),
        ("\\x", secret => Each(secret, one => $"\\x{one:x2}")),
        ("entities", secret => Each(secret, one => $"&#{one};")),
        ("hex entities", secret => Each(secret, one => $"&#x{one:X};")),
        ("hex in \\u", secret => Each(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret)), one => $"\\u{one:x4}")),
    ];

    public static TheoryData<string> Names => [.. Clothes.Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Cut_at_every_byte_it_is_starred_out_all_the_same(string name)
    {
        var secret = Encoding.UTF8.GetBytes("sk-test-not/a+real?key-0001~");
        var text = $$"""{"echo":"{{Worn(name, secret)}}","more":"100% & \n"}""";
        var whole = Scrub(secret, text);
        Assert.Equal(text.Length, whole.Length);
        Assert.False(Tells(name, secret, whole), whole);
        Assert.EndsWith("\",\"more\":\"100% & \\n\"}", whole, StringComparison.Ordinal);
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(whole, Scrub(secret, text[..cut], text[cut..]));
        Assert.Equal(whole, Scrub(secret, [.. text.Select(one => one.ToString())]));
    }

    [Fact]
    public void Any_secret_in_any_clothes_cut_anywhere() =>
        Gen.Select(Secrets, Gen.Int[0, Clothes.Length - 1], Gen.Int[1, 60].Array[1, 30]).Sample(
            (text, number, sizes) =>
            {
                var secret = Encoding.UTF8.GetBytes(text);
                var answer = $"before \"{Clothes[number].Wear(secret)}\" after";
                var pieces = new List<string>();
                for (int at = 0, turn = 0; at < answer.Length; turn++)
                {
                    var size = Math.Min(sizes[turn % sizes.Length], answer.Length - at);
                    pieces.Add(answer.Substring(at, size));
                    at += size;
                }

                var said = Scrub(secret, [.. pieces]);
                return said.Length == answer.Length && !Tells(Clothes[number].Name, secret, said) && said.StartsWith("before ", StringComparison.Ordinal) && said.EndsWith(" after", StringComparison.Ordinal);
            }, iter: 2_000);

    [Fact]
    public void Over_two_events_of_a_stream_one_half_is_missing()
    {
        const string Secret = "sk-test-not-a-real-key-0001";
        for (var cut = 0; cut <= Secret.Length; cut++)
        {
            var said = Scrub(
                Encoding.UTF8.GetBytes(Secret),
                $$$"""data: {"choices":[{"delta":{"content":"{{{Secret[..cut]}}}"}}]}""" + "\n\n",
                $$$"""data: {"choices":[{"delta":{"content":"{{{Secret[cut..]}}}"}}]}""" + "\n\n");
            Assert.True(Math.Max(LongestRun(Secret, said), 0) < 14, said);
        }
    }

    [Fact]
    public void In_errors_not_even_eight_characters_in_a_row_pass() =>
        Gen.Select(Secrets, Gen.Int[0, 100], Gen.Int[8, 60]).Sample(
            (secret, from, length) =>
            {
                var piece = secret.Substring(from % (secret.Length - 7), Math.Min(length, secret.Length - (from % (secret.Length - 7))));
                return LongestRun(secret, Strict(secret, $"Incorrect key: {piece}... see https://example.com")) < 8;
            }, iter: 2_000);

    [Fact]
    public void Ordinary_answers_stay_as_they_are()
    {
        const string Text = """{"id":"chatcmpl-9","choices":[{"message":{"content":"sk-proj- keys, 100%25, \u00e4 \n\t\"quoted\" &amp; aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= 73616d706c65 C:\\users"}}]}""";
        for (var cut = 0; cut <= Text.Length; cut++)
            Assert.Equal(Text, Scrub("sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOP"u8.ToArray(), Text[..cut], Text[cut..]));
    }

    [Fact]
    public void Nothing_of_a_finished_event_is_held_back()
    {
        using var scrub = SecretScrub.For("sk-test-not-a-real-key-0001"u8.ToArray())!;
        var bytes = "data: {\"content\":\"sk-te\"}\n\n"u8;
        var buffer = new byte[scrub.Room + bytes.Length];
        bytes.CopyTo(buffer.AsSpan(scrub.Room));
        Assert.Equal((scrub.Room, scrub.Room + bytes.Length), scrub.Pass(buffer, scrub.Room, bytes.Length));
    }

    private static string Worn(string name, byte[] secret) => Clothes.First(each => each.Name == name).Wear(secret);

    private static bool Tells(string name, byte[] secret, string said)
    {
        var core = Worn(name, secret);
        // base64 says up to two characters at each end together with what stands beside the secret.
        return said.Contains(name.Contains("base64", StringComparison.Ordinal) ? core[4..^4] : core, StringComparison.Ordinal)
            || LongestRun(core, said) > core.Length / 2;
    }

    private static int LongestRun(string of, string text)
    {
        var longest = 0;
        for (var from = 0; from < of.Length; from++)
        {
            while (from + longest < of.Length && text.Contains(of.Substring(from, longest + 1), StringComparison.Ordinal))
                longest++;
        }

        return longest;
    }

    private static string Each(byte[] bytes, Func<byte, string> said) => string.Concat(bytes.Select(said));

    private static string Strict(string secret, string text)
    {
        using var scrub = SecretScrub.For(Encoding.UTF8.GetBytes(secret))!;
        return scrub.Sentence(text);
    }

    private static string Scrub(byte[] secret, params string[] pieces)
    {
        using var scrub = SecretScrub.For(secret)!;
        var output = new StringBuilder();
        foreach (var piece in pieces)
        {
            var bytes = Encoding.UTF8.GetBytes(piece);
            var buffer = new byte[scrub.Room + bytes.Length];
            bytes.CopyTo(buffer, scrub.Room);
            var (from, to) = scrub.Pass(buffer, scrub.Room, bytes.Length);
            output.Append(Encoding.UTF8.GetString(buffer, from, to - from));
        }

        return output.Append(Encoding.UTF8.GetString(scrub.Rest().Span)).ToString();
    }
}
