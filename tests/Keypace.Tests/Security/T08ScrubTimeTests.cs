using System.Globalization;
using System.Text;
using Keypace.Domain.Echoes;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Tests.Security;

/// <summary>
/// What the search for the key costs a clean answer: 50 µs for 16 KiB, and twice that where every few letters an escape means one more of ASCII, as no writer does. Only in
/// the campaign, for it needs optimised code; the best of many rounds, so that others on the machine do not count.
/// </summary>
public sealed class T08ScrubTimeTests
{
    private const int Bytes = 16 * 1024;
    private const int Rounds = 2_000;
    private const string Dense = "escapes among letters";
    private static readonly TimeSpan Most = TimeSpan.FromMicroseconds(50);

    [Fact]
    public void Sixteen_KiB_take_fifty_microseconds()
    {
        Assert.SkipUnless(Depth.IsCampaign, "Only in the campaign.");
        var threat = new Threat("T8", "time of the search in 16 KiB");
        var random = new Random(threat.Seed);
        var texts = new Dictionary<string, string>
        {
            ["JSON"] = Filled(() => $$"""{"index":{{random.Next(9)}},"message":{"role":"assistant","content":"{{Drawn(random, 120, "etaoin shrdlu cmfwyp")}}\n"},"logprobs":null},"""),
            ["escapes"] = Filled(() => $"\\u{random.Next(0x400, 0x500):x4}"),
            [Dense] = Filled(() => $"{Drawn(random, 5, "abcdefgh ")}\\u00{random.Next(0x20, 0x7f):x2}"),
            ["quotes and line ends"] = Filled(() => $"\\\"{Drawn(random, 20, "abcdefgh ")}\\n"),
            ["base64"] = Convert.ToBase64String(Drawn(random)),
            ["hex"] = Convert.ToHexString(Drawn(random)),
            ["numbers"] = Filled(() => string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble():0.000000000},")),
            ["events"] = Filled(() => $$$"""data: {"id":"c","choices":[{"index":0,"delta":{"content":"{{{Drawn(random, 4, "etaoin ")}}}"}}]}""" + "\n\n"),
        };
        foreach (var length in (int[])[16, 51, 164])
        {
            var secret = Encoding.UTF8.GetBytes("sk-proj-" + Drawn(random, length - 8, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"));
            var sketch = new SecretSketch(secret, random.NextBytes);
            foreach (var text in texts.Values)
                Best(secret, sketch, Encoding.ASCII.GetBytes(text)[..Bytes]);   // until the code is as fast as it gets
            foreach (var (name, text) in texts)
            {
                var took = Best(secret, sketch, Encoding.ASCII.GetBytes(text)[..Bytes]);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"T8 16 KiB of {name} behind a secret of {length}: {took.TotalMicroseconds:0.0} µs"));
                threat.Check(took <= (name == Dense ? 2 * Most : Most), () => string.Create(CultureInfo.InvariantCulture, $"{name}, a secret of {length}: {took.TotalMicroseconds:0.0} µs"));
            }
        }

        threat.Done();
    }

    /// <summary>An answer of one piece, from its first byte to its last.</summary>
    private static TimeSpan Best(byte[] secret, SecretSketch sketch, byte[] text)
    {
        var best = TimeSpan.MaxValue;
        var buffer = new byte[SecretEcho.MostHeld(secret.Length) + text.Length];
        for (var round = 0; round < Rounds; round++)
        {
            text.CopyTo(buffer.AsSpan(buffer.Length - text.Length));
            var startedAt = TimeProvider.System.GetTimestamp();
            using (var scrub = SecretScrub.For(secret, sketch)!)
            {
                scrub.Pass(buffer, buffer.Length - text.Length, text.Length);
                scrub.Rest();
            }

            var took = TimeProvider.System.GetElapsedTime(startedAt);
            best = took < best ? took : best;
        }

        return best;
    }

    private static string Filled(Func<string> next)
    {
        var text = new StringBuilder();
        while (text.Length < Bytes)
            text.Append(next());
        return text.ToString();
    }

    private static byte[] Drawn(Random random)
    {
        var bytes = new byte[Bytes];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Drawn(Random random, int length, string from) => new([.. Enumerable.Range(0, length).Select(_ => from[random.Next(from.Length)])]);
}
