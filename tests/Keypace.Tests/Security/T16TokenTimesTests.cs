using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Security;

/// <summary>How long a refusal takes does not tell how much of a token was right. Whether its id is somebody's it does tell; that is printed, and stands in docs/threat-model.md.</summary>
public sealed class T16TokenTimesTests
{
    private const int Known = 512;

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
        var served = good.ToImmutableDictionary(IdOf, text => vault.TokenDigest(text));

        // As Callers.Authenticate does it.
        bool IsGood(string text)
        {
            if (!AccessTokenText.TryParse(text, out _, out var id))
                return false;
            var digest = served.GetValueOrDefault(id);
            return vault.TokenMatches(text, digest) && digest is not null;
        }

        Assert.All(good, text => Assert.True(IsGood(text)));
        var atTheEnd = good.Select(text => Wrong(text, 59)).ToArray();
        var atTheBegin = good.Select(text => Wrong(text, 17)).ToArray();
        var unknown = good.Select(_ => AccessTokenText.Create(TokenKind.Access, random.NextBytes).Reveal()).ToArray();
        await CompareAsync("the last character wrong, or the first", atTheEnd, atTheBegin);
        await CompareAsync("an id that is known, or not (an id is no secret)", atTheEnd, unknown, isPromised: false);

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

        async Task CompareAsync(string what, string[] first, string[] second, bool isPromised = true)
        {
            for (var warm = 0; warm < 20_000; warm++)
                IsGood(warm % 2 == 0 ? first[warm % Known] : second[warm % Known]);
            var t = await Times.WelchAsync(random, Threat.Cases(20_000, 1_000_000), (isFirst, index) =>
            {
                var taken = IsGood((isFirst ? first : second)[index % Known]);
                return taken ? throw new InvalidOperationException("A wrong token was taken.") : ValueTask.CompletedTask;
            });
            threat.Check(!isPromised || t < Times.Telling, () => $"{what}: t = {t:0.0}");
            Console.WriteLine($"T16 {what}: t = {t:0.00}");
        }
    }

    /// <summary>Another character at a place, with the checksum that belongs to it, so that it gets as far as the digest.</summary>
    private static string Wrong(string good, int place)
    {
        var text = good[..place] + (good[place] == 'a' ? 'b' : 'a') + good[(place + 1)..60];
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

    private static TokenId IdOf(string text)
    {
        Assert.True(AccessTokenText.TryParse(text, out _, out var id));
        return id;
    }
}
