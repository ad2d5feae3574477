using System.Text;
using CsCheck;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Tests.Server.Gateway;

public sealed class SecretScrubTests
{
    private const string Secret = "sk-test-not-a-real-key-0001";

    [Fact]
    public void Secret_split_at_every_byte_never_comes_out()
    {
        var text = $"before {Secret} between sk-test-not {Secret}{Secret} after sk-te";
        var expected = text.Replace(Secret, new string('*', Secret.Length), StringComparison.Ordinal);
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(expected, Scrub(text[..cut], text[cut..]));
    }

    [Fact]
    public void Pieces_of_any_size_give_what_the_whole_would() =>
        Gen.Select(Gen.OneOf(Gen.Const(Secret), Gen.String[Gen.Char["sk-te0*a"], 0, 20]).Array[0, 12], Gen.Int[1, 9].Array[1, 40])
            .Sample((parts, sizes) =>
            {
                var text = string.Concat(parts);
                var pieces = new List<string>();
                for (int at = 0, turn = 0; at < text.Length; turn++)
                {
                    var size = Math.Min(sizes[turn % sizes.Length], text.Length - at);
                    pieces.Add(text.Substring(at, size));
                    at += size;
                }

                return Scrub([.. pieces]) == text.Replace(Secret, new string('*', Secret.Length), StringComparison.Ordinal);
            });

    [Fact]
    public void Short_secret_is_not_looked_for() => Assert.Null(SecretScrub.For("key"u8.ToArray()));

    private static string Scrub(params string[] pieces)
    {
        using var scrub = SecretScrub.For(Encoding.UTF8.GetBytes(Secret))!;
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
