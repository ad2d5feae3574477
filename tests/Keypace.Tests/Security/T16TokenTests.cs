using Keypace.Domain.Access;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Security;

/// <summary>No text breaks the reading of tokens, a wrong checksum is told without asking anybody, and no token comes twice.</summary>
public sealed class T16TokenTests
{
    [Fact]
    public void Any_text_is_read_and_only_tokens_are_taken()
    {
        var threat = new Threat("T16", "token verification");
        var random = new Random(threat.Seed);
        RandomBytes draw = bytes => random.NextBytes(bytes);
        for (var index = 0; index < Threat.Cases(100_000, 10_000_000); index++)
        {
            var good = AccessTokenText.Create(TokenKind.Access, draw).Reveal();
            var text = Changed(good, random);
            try
            {
                var isTaken = AccessTokenText.TryParse(text, out _, out _);
                threat.Check(isTaken == (text == good) || isTaken && IsAnother(text, good), () => $"'{text}' was {(isTaken ? "taken" : "refused")}");
            }
            catch (Exception failure)
            {
                threat.Check(false, () => $"'{text}' threw {failure.GetType().Name}");
            }
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < Threat.Cases(20_000, 1_000_000); index++)
            threat.Check(seen.Add(AccessTokenText.Create(TokenKind.Access, SecureRandom.Fill).Reveal()), () => "a token came twice");
        threat.Done();
    }

    /// <summary>A change that happens to give a right checksum: one in 56 billion.</summary>
    private static bool IsAnother(string text, string good) => text.Length == good.Length && text[..4] == good[..4] && text != good && text[60..] != good[60..];

    private static string Changed(string good, Random random)
    {
        var text = good.ToCharArray();
        switch (random.Next(9))
        {
            case 0: return good;
            case 1: return good[..random.Next(good.Length)];
            case 2: return good + (char)random.Next(1, 0x3000);
            case 3:
                text[random.Next(text.Length)] = (char)random.Next(0x20, 0x7F);
                return new string(text) is var changed && changed != good ? changed : good;
            case 4:
                text[random.Next(text.Length)] = (char)random.Next(0, 0xFFFF);
                return new string(text);
            case 5: return new string([.. Enumerable.Range(0, random.Next(200)).Select(_ => (char)random.Next(0, 0xFFFF))]);
            case 6: return good.ToUpperInvariant();
            case 7: return string.Concat(good.AsSpan(0, 60), "000000");
            default:
                var (a, b) = (random.Next(text.Length), random.Next(text.Length));
                (text[a], text[b]) = (text[b], text[a]);
                return new string(text);
        }
    }
}
