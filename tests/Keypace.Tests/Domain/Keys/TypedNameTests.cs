using Keypace.Domain;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Keys;

/// <summary>A secret that somebody typed where a name belongs is not said back.</summary>
public sealed class TypedNameTests
{
    [Theory]
    [InlineData("lab")]
    [InlineData("Büro 7")]
    [InlineData("twenty characters ok")]
    [InlineData("skiing")]
    public void A_short_name_is(string name) => Assert.Equal($"'{name}'", TypedName.Said(name));

    [Theory]
    [InlineData("sk-test-not-real")]
    [InlineData("SK-ANT-api03-x")]
    [InlineData(" sk-x")]
    [InlineData("\"sk-x\"")]
    [InlineData("gsk_abc")]
    [InlineData("AKIATESTNOTAREALKEY0")]
    [InlineData("AIzaSyD")]
    [InlineData("hf_abc")]
    [InlineData("kpa_0123")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("twenty-one characters")]
    [InlineData("lab\u202Ekey")]
    [InlineData("lab\u0007")]
    public void What_may_be_a_secret_is_not(string name)
    {
        Assert.DoesNotContain(name.Trim(), TypedName.Said(name), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(name.Trim(), Refusal.NotFound("API key", name).Detail, StringComparison.OrdinalIgnoreCase);
    }
}
