using System.Globalization;
using System.Text;
using Keypace.Domain.Echoes;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What the sketch of a secret rules out, the echo never finds; and it rules out most of what has nothing of the secret.</summary>
public sealed class SecretSketchTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.";

    private const string Odd = "\"\\&%'<>é";

    [Theory]
    [InlineData(20261130)]
    [InlineData(7)]
    public void Nothing_that_is_to_be_starred_out_or_held_is_ruled_out(int seed)
    {
        var random = new Random(seed);
        var (ruledOut, found) = (0, 0);
        for (var round = 0; round < 400; round++)
        {
            var secret = Drawn(random, random.Next(8, 70), round % 5 == 0 ? Alphabet + Odd : Alphabet);
            var bytes = Encoding.UTF8.GetBytes(secret);
            var sketch = new SecretSketch(bytes, random.NextBytes);
            using var echo = new SecretEcho(bytes, isStrict: round % 2 == 0);
            for (var text = 0; text < 40; text++)
            {
                var whole = Encoding.UTF8.GetBytes(Text(random, secret));
                var window = (byte[])whole.Clone();
                var isClean = !echo.StarOut(window, isEnd: true);
                found += isClean ? 0 : 1;
                Assert.True(isClean || !sketch.RulesOut(whole), Failure());
                if (!sketch.RulesOutToEnd(whole))
                    continue;
                ruledOut++;
                Assert.True(echo.HeldAtEnd(whole, SecretEcho.MostHeld(bytes.Length)) == 0, Failure());
                string Failure() => string.Create(CultureInfo.InvariantCulture, $"seed {seed}, round {round}, text {text}: '{secret}' in '{Encoding.UTF8.GetString(whole)}'");
            }
        }

        Assert.True(found > 3_000 && ruledOut > 1_000, string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {found} found, {ruledOut} ruled out: the texts are not what they should be"));
    }

    [Fact]
    public void Most_answers_are_ruled_out()
    {
        const int Answers = 1_000;
        var random = new Random(20261130);
        var sketch = new SecretSketch(Encoding.UTF8.GetBytes("sk-proj-" + Drawn(random, 40, Alphabet[..62])), random.NextBytes);
        var ruledOut = Enumerable.Range(0, Answers).Count(_ => sketch.RulesOutToEnd(Encoding.UTF8.GetBytes(
            $$"""{"id":"chatcmpl-{{Drawn(random, 29, Alphabet[..62])}}","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"{{Drawn(random, 400, "etaoin shrdlu cmfwyp")}}\n"},"finish_reason":"stop"}]}""")));
        Assert.True(ruledOut > Answers / 2, $"{ruledOut} of {Answers}");
    }

    /// <summary>Words, and among them a piece of the secret in some of its clothes, or none.</summary>
    private static string Text(Random random, string secret)
    {
        var worn = random.Next(9) switch
        {
            0 => secret,
            1 => Convert.ToHexString(Encoding.UTF8.GetBytes(secret)),
            2 => Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', random.Next(3)) + secret)),
            3 => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).Replace('+', '-').Replace('/', '_'),
            4 => secret.ToUpperInvariant(),
            5 => Uri.EscapeDataString(secret),
            6 => string.Concat(secret.Select(one => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)one:x4}"))),
            7 => Convert.ToBase64String(Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)))),
            _ => "",
        };
        var from = random.Next(worn.Length + 1);
        var piece = random.Next(3) == 0 ? worn : worn.Substring(from, random.Next(worn.Length - from + 1));
        return $$"""{"a":"{{Drawn(random, random.Next(12), "some words, 2")}}{{piece}}""" + (random.Next(3) == 0 ? "" : $"{Drawn(random, random.Next(9), "and \nmore.")}\"}}");
    }

    private static string Drawn(Random random, int length, string from) => string.Create(length, (random, from), static (text, drawn) =>
    {
        foreach (ref var one in text)
            one = drawn.from[drawn.random.Next(drawn.from.Length)];
    });
}
