using System.Net;
using System.Text;
using System.Text.Json;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Odd secrets, odd clothes, more pieces than two, and errors where nobody announced one (security.md's T8).</summary>
public sealed class SecretClothesTests
{
    private const string Usual = "sk-proj-Not4A7Real2Key9Only8For6Tst";
    private const string Punctuated = "xK9/pL+q=Rw%7&\"z\\T<4>v'Yd5jB2mN8";

    private static readonly Func<string, string>[] Writers =
        [text => text, InJson, text => InJson(InJson(text)), text => JsonSerializer.Serialize(text)[1..^1], Uri.EscapeDataString, WebUtility.HtmlEncode];

    private static readonly Dictionary<string, Func<string, string>> Clothes = new()
    {
        ["capitals"] = text => text.ToUpperInvariant(),
        ["small"] = text => text.ToLowerInvariant(),
        ["hex of both cases"] = text => string.Concat(Convert.ToHexString(Encoding.UTF8.GetBytes(text)).Select((one, at) => at % 3 == 0 ? char.ToLowerInvariant(one) : one)),
        ["base32"] = text => Base32(text),
        ["base32 three in, small"] = text => Base32("abc" + text).ToLowerInvariant(),
        ["base64 of base64"] = text => Base64(Base64(text)),
        ["base64 of base64 one in"] = text => Base64(Base64("x" + text)),
        ["base64 of base64 of a pair, two in"] = text => Base64("ab" + Base64("user:" + text)),
        ["base64 of base64 of a header, in the URL"] = text => Base64("a" + Base64("Bearer " + text)).Replace('+', '-').Replace('/', '_'),
        ["base64 in lines"] = text => string.Join("\\n", Base64(text).Chunk(16).Select(line => new string(line))),
        ["base64 of the URL in lines"] = text => string.Join("\r\n", Base64("user:" + text).Replace('+', '-').Replace('/', '_').Chunk(20).Select(line => new string(line))),
        ["URL of URL"] = text => Percent(Percent(text)),
        ["URL of URL, quoted"] = text => Uri.EscapeDataString(Uri.EscapeDataString(text)),
        ["entities in JSON"] = text => string.Concat(text.Select(one => $"\\u0026#{(int)one};")),
        ["JSON"] = InJson,
        ["JSON in JSON"] = text => InJson(InJson(text)),
        ["HTML"] = WebUtility.HtmlEncode,
    };

    public static TheoryData<string> NamesOfClothes => [.. Clothes.Keys];

    public static TheoryData<string> OddSecrets =>
        ["hJ7kP2wX9q", "Ab3dEf7h", Punctuated, "a%41b\\\\c\"\"d4%2541/Zz9", "sk-ant-api03-Not4Real7Key1But8Made0For2Tests", "eyJhbGciOiJIUzI1NiJ9.QmFzZTY0KzE9PQ.kLm5NoPqRsT"];

    [Theory]
    [MemberData(nameof(NamesOfClothes))]
    public void Most_of_it_is_starred_out_wherever_it_is_cut(string name)
    {
        foreach (var secret in (string[])[Usual, Punctuated])
        {
            var worn = Clothes[name](secret);
            var text = $$"""{"echo":"{{worn}}","more":"100% & \n"}""";
            var whole = Scrubbed(secret, text);
            Assert.True(whole.Count(one => one == '*') > worn.Length / 2, $"{secret}: {whole}");
            Assert.EndsWith("\",\"more\":\"100% & \\n\"}", whole, StringComparison.Ordinal);
            for (var cut = 0; cut <= text.Length; cut++)
                Assert.Equal(whole, Scrubbed(secret, text[..cut], text[cut..]));
        }
    }

    [Theory]
    [MemberData(nameof(OddSecrets))]
    public void Over_two_events_no_secret_passes_whole(string secret)
    {
        foreach (var write in Writers[1..4])
        {
            for (var cut = 0; cut <= secret.Length; cut++)
            {
                var (first, second) = ($"data: \"say {write(secret[..cut])}\"", $"data: \"{write(secret[cut..])} end\"");
                var said = Scrubbed(secret, first + "\n\n", second + "\n\n");
                Assert.False(said.Contains(first, StringComparison.Ordinal) && said.Contains(second, StringComparison.Ordinal), said);
                Assert.Equal(first.Length + second.Length + 4, said.Length);
                var error = Scrubbed(secret, "event: error\n" + first + "\n\n", "event: error\n" + second + "\n\n");
                Assert.False(error.Contains(first, StringComparison.Ordinal) && error.Contains(second, StringComparison.Ordinal), error);
            }
        }
    }

    [Fact]
    public void Over_three_events_the_middle_is_missing()
    {
        for (var cut = 8; cut < 22; cut++)
        {
            var middle = Usual[cut..(cut + 10)];
            var said = Scrubbed(Usual, $"\"{Usual[..cut]}\"", $"\"{middle}\"", $"\"{Usual[(cut + 10)..]}\"");
            Assert.DoesNotContain(middle, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_all_keys_begin_with_and_words_stay()
    {
        foreach (var (secret, text) in ((string, string)[])
        [
            ("sk-ant-api03-Not4Real7Key1But8Made0For2Tests", "Keys begin with sk-ant-api03- or sk-ant-a."),
            ("correct horse battery staple of 2026", "The horse battery is a staple."), ("password-10", "Your passw is here."),
        ])
        {
            Assert.Equal(text, Scrubbed(secret, text));
        }
    }

    [Theory]
    [InlineData("data: {\"error\":{\"message\":\"Incorrect ", "\",\"code\":401}}\n\n")]
    [InlineData("data: {\"id\":\"c\"}\n\nevent: error\ndata: Incorrect ", "\n\n")]
    [InlineData("{ \"type\" : \"error\", \"message\": \"Incorrect ", "\"}")]
    [InlineData("{\"error_description\": \"Incorrect ", "\"}")]
    [InlineData("{\"id\":1,\"errors\":[\"Incorrect ", "\"]}")]
    public void In_an_error_inside_an_answer_no_eight_characters_pass(string before, string behind)
    {
        const string Secret = "only-words-of-the-secret-of-a-hub";
        var text = before + Secret[..10] + "....." + Secret[^8..] + behind;
        var whole = before + "**********.....********" + behind;
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(whole, Scrubbed(Secret, text[..cut], text[cut..]));
        Assert.Equal(whole, Scrubbed(Secret, [.. text.Select(one => one.ToString())]));
    }

    [Fact]
    public void Talk_about_errors_is_none()
    {
        const string Secret = "only-words-of-the-secret-of-a-hub";
        var text = $$"""data: {"error":null,"last_error": null,"text":"an \"error\": {{Secret[..10]}}, error"}""";
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(text, Scrubbed(Secret, text[..cut], text[cut..]));
    }

    [Fact]
    public void In_errors_no_run_with_quotes_or_backslashes_passes()
    {
        for (var from = 0; from + 8 <= Punctuated.Length; from++)
        {
            foreach (var write in Writers)
            {
                var worn = write(Punctuated.Substring(from, Math.Min(8 + (from % 5), Punctuated.Length - from)));
                using var scrub = SecretScrub.For(Encoding.UTF8.GetBytes(Punctuated))!;
                Assert.Equal($"Incorrect {new string('*', worn.Length)} end", scrub.Sentence($"Incorrect {worn} end"));
            }
        }
    }

    [Theory]
    [InlineData(Usual)]
    [InlineData("abcabcabcabcabcabcabc7")]
    public void In_errors_eight_characters_are_found_in_odd_clothes_too(string secret)
    {
        for (var from = 0; from + 8 <= secret.Length; from++)
        {
            for (var length = 8; from + length <= secret.Length; length++)
            {
                var piece = secret.Substring(from, length);
                foreach (var before in (string[])["", "x", "xy", "xyz", "user:"])
                {
                    MustHide(secret, Base64(before + piece), length * 8 / 6, 12);
                    MustHide(secret, Base32(before + piece), length * 8 / 5, 12);
                    foreach (var around in (string[])["", "a", "ab"])
                        MustHide(secret, Base64(around + Base64(before + piece)), length * 8 / 6 * 8 / 6 - 1, 14);
                }
            }
        }

        static void MustHide(string secret, string worn, int own, int eight)
        {
            using var scrub = SecretScrub.For(Encoding.UTF8.GetBytes(secret))!;
            var said = scrub.Sentence($"Incorrect {worn} end");
            // Where a secret repeats itself, what is behind the longest piece may be one more that is shorter than eight characters, which take this many there.
            Assert.True(said.Count(one => one == '*') >= own - 1 || said["Incorrect ".Length..^" end".Length].Split('*').Max(left => left.Length) < eight, $"{worn}: {said}");
        }
    }

    /// <summary>A piece that comes alone, cut anywhere: as much of it is held as the deepest escapes take.</summary>
    [Theory]
    [InlineData(24)]
    [InlineData(51)]
    [InlineData(75)]
    public void However_deep_it_is_escaped_it_is_found_over_pieces(int length)
    {
        var secret = string.Concat(Enumerable.Range(0, length).Select(at => "Kx7Qm2Zt9Lb4Vc8Wn5Rd3"[at % 21]));
        Func<string, string>[] ways =
        [
            text => string.Concat(text.Select(one => $"&#{(int)one};")), text => string.Concat(text.Select(one => $"\\u{(int)one:x4}")), Percent,
        ];
        foreach (var (first, second, third) in ways.SelectMany(first => ways.SelectMany(second => ways.Select(third => (first, second, third)))))
        {
            var worn = third(second(first(secret)));
            if (worn.Length > 16 * 1024 - 200)
                continue;
            var whole = $$"""{"echo":"{{worn}}","more":1}""";
            foreach (var size in (int[])[worn.Length / 2, 4096, 1460, 97])
            {
                var said = Scrubbed(secret, [.. whole.Chunk(size).Select(piece => new string(piece))]);
                Assert.Equal($$"""{"echo":"{{new string('*', worn.Length)}}","more":1}""", said);
            }
        }
    }

    /// <summary>As most writers say it: only quotes and backslashes are escaped.</summary>
    private static string InJson(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Percent(string text) => string.Concat(text.Select(one => $"%{(int)one:X2}"));

    private static string Base32(string text)
    {
        var bits = string.Concat(Encoding.UTF8.GetBytes(text).Select(one => Convert.ToString(one, 2).PadLeft(8, '0')));
        return string.Concat(bits.Chunk(5).Select(five => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Convert.ToInt32(new string(five).PadRight(5, '0'), 2)]));
    }

    private static string Scrubbed(string secret, params string[] pieces)
    {
        using var scrub = SecretScrub.For(Encoding.UTF8.GetBytes(secret))!;
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
