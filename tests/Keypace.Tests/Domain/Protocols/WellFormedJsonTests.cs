using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

public sealed class WellFormedJsonTests
{
    [Theory]
    [InlineData("""{"a":"\ud83d"}""", "\uFFFD")]
    [InlineData("""{"a":"\uDE00 after"}""", "\uFFFD after")]
    [InlineData("""{"a":"x\ud83d\ud83dy"}""", "x\uFFFD\uFFFDy")]
    [InlineData("""{"a":"\ud83d\ud83d\ude00"}""", "\uFFFD😀")]
    [InlineData("""{"a":"\ud83d\u0041"}""", "\uFFFDA")]
    [InlineData("""{"a":"\ud83d\n"}""", "\uFFFD\n")]
    [InlineData("""{"a":"\\ud83d"}""", "\\ud83d")]
    [InlineData("""{"a":"\\\ud83d\\"}""", "\\\uFFFD\\")]
    [InlineData("""{"a":"\uD83D\uDE00"}""", "😀")]
    public void Half_a_pair_becomes_one_replacement_and_the_rest_stays(string json, string text) => Assert.Equal(text, Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("before ", new byte[] { 0xFF, 0xFE }, " after")]
    [InlineData("before ", new byte[] { 0xE2, 0x82 }, " after")]
    [InlineData("before ", new byte[] { 0xED, 0xA0, 0xBD }, "\\ud83d after")]
    public void Bytes_that_are_no_text_become_replacements(string before, byte[] bytes, string after)
    {
        var text = Read([.. "{\"a\":\""u8, .. Encoding.UTF8.GetBytes(before), .. bytes, .. Encoding.UTF8.GetBytes(after), .. "\"}"u8]);

        Assert.StartsWith("before \uFFFD", text, StringComparison.Ordinal);
        Assert.EndsWith(" after", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":"\\ud83d\\ude00 \u00e9 \\"}""")]
    [InlineData("""{"a":"\ud83d\ude00"}""")]
    [InlineData("not JSON \\ud")]
    [InlineData("\\")]
    [InlineData("")]
    public void What_is_well_is_the_same_memory(string json)
    {
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(json);
        Assert.True(json.StartsWith("not", StringComparison.Ordinal) || bytes.Equals(WellFormedJson.Of(bytes)));
    }

    private static string Read(byte[] json)
    {
        using var document = JsonDocument.Parse(WellFormedJson.Of(json));
        return document.RootElement.GetProperty("a").GetString()!;
    }
}
