using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Security;

/// <summary>How long a refusal takes tells neither how much of a token was right nor whether its id is somebody's.</summary>
public sealed class T16TokenTimesTests
{
    private const int Known = 512;

    /// <summary>Texts of each kind: so many that what one of them takes more than another, such as a longer way in the dictionary, weighs nothing.</summary>
    private const int Texts = 16_384;

    [Fact]
    public async Task Times_of_refusals_do_not_tell_how_much_was_right()
    {
        var threat = new Threat("T16", "times of refused tokens");
        var random = new Random(threat.Seed);
        var instance = new Guid(2, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);
        var kek = KeyEncryptionKey.Create(random.NextBytes);
        Assert.True(VaultKeys.Unlock(kek, instance, VaultKeys.Create(kek, instance, instance, random.NextBytes)).TryGet(out var unlocked, out _));
        using var vault = unlocked;
        var good = Enumerable.Range(0, Known).Select(_ => AccessTokenText.Create(TokenKind.Access, random.NextBytes).Reveal()).ToArray();
        var served = good.ToImmutableDictionary(text => vault.LookupDigestOf(text));

        // As Callers.Authenticate does it.
        bool IsGood(ReadOnlySpan<char> text) => AccessTokenText.TryParse(text, out _, out _) && served.ContainsKey(vault.LookupDigestOf(text));

        Assert.All(good, text => Assert.True(IsGood(text)));
        var atTheEnd = Enumerable.Range(0, Texts).Select(number => Wrong(good[number % Known], 59, number / Known)).ToArray();
        var atTheBegin = Enumerable.Range(0, Texts).Select(number => Wrong(good[number % Known], 17, number / Known)).ToArray();
        var unknown = Enumerable.Range(0, Texts).Select(_ => AccessTokenText.Create(TokenKind.Access, random.NextBytes).Reveal()).ToArray();
        await CompareAsync("the last character wrong, or the first", atTheEnd, atTheBegin);
        await CompareAsync("an id that is known, or not", atTheEnd, unknown);

        // The control: a comparison that stops at the first difference is told.
        var t = await Times.WelchAsync(random, 20_000, (isFirst, index) =>
        {
            var other = isFirst ? atTheEnd[index % Known] : atTheBegin[index % Known];
            for (var at = 0; at < other.Length && other[at] == good[index % Known][at]; at++)
                Thread.SpinWait(1);
            return ValueTask.CompletedTask;
        });
        threat.Check(t > Times.Telling, () => $"a telling comparison would not be told: t = {t:0.0}");
        threat.Done();

        async Task CompareAsync(string what, string[] first, string[] second)
        {
            // Side by side in one piece of memory, in any order: where a text lies must not be what is measured.
            var places = Enumerable.Range(0, 2 * Texts).ToArray();
            random.Shuffle(places);
            var memory = new char[2 * Texts * AccessTokenText.Characters];
            ReadOnlyMemory<char> At(bool isFirst, int index) => memory.AsMemory(places[(isFirst ? 0 : Texts) + (index % Texts)] * AccessTokenText.Characters, AccessTokenText.Characters);
            for (var index = 0; index < Texts; index++)
            {
                first[index].CopyTo(0, memory, places[index] * AccessTokenText.Characters, AccessTokenText.Characters);
                second[index].CopyTo(0, memory, places[Texts + index] * AccessTokenText.Characters, AccessTokenText.Characters);
            }

            for (var warm = 0; warm < 20_000; warm++)
                IsGood(At(warm % 2 == 0, warm).Span);
            var t = await Times.WelchAsync(random, Threat.Cases(20_000, 1_000_000), (isFirst, index) =>
            {
                var taken = IsGood(At(isFirst, index).Span);
                return taken ? throw new InvalidOperationException("A wrong token was taken.") : ValueTask.CompletedTask;
            });
            threat.Check(t < Times.Telling, () => $"{what}: t = {t:0.0}");
            Console.WriteLine($"T16 {what}: t = {t:0.00}");
        }
    }

    /// <summary>One of the other characters at a place, with the checksum that belongs to it, so that it gets as far as the digest.</summary>
    private static string Wrong(string good, int place, int number)
    {
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var at = (Letters.IndexOf(good[place], StringComparison.Ordinal) + 1 + number) % Letters.Length;   // of 32 numbers none comes round to itself
        var text = good[..place] + Letters[at] + good[(place + 1)..60];
        return text + Checksum(text);
    }

    private static string Checksum(string text)
    {
        Span<byte> crc = stackalloc byte[sizeof(uint)];
        Span<byte> digits = stackalloc byte[6];
        BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.Of(Encoding.ASCII.GetBytes(text)));
        Base62.Encode(crc, digits);
        return Encoding.ASCII.GetString(digits);
    }
}
