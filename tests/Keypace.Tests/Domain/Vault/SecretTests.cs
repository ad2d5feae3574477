using System.Text.Json;
using CsCheck;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Domain.Vault;

public sealed class SecretTests
{
    private const string Text = "sk-test-not-a-real-key-0001";

    [Fact]
    public void A_secret_prints_as_stars_and_has_no_way_into_json()
    {
        using var secret = Secret.FromText(Text);
        Assert.Equal("***", secret.ToString());
        Assert.Equal("***", $"{secret}");
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(secret));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new { inside = secret }));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<Secret>("\"x\""));
    }

    [Fact]
    public void Two_secrets_cannot_be_compared()
    {
        using var one = Secret.FromText(Text);
        using var two = Secret.FromText(Text);
        Assert.False(one.Equals(two));
        Assert.DoesNotContain(typeof(Secret).GetMethods(), method => method.Name == "op_Equality");
    }

    [Fact]
    public void A_disposed_secret_is_gone()
    {
        var secret = Secret.FromText(Text);
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => secret.Reveal());
    }

    [Fact]
    public void Any_text_is_revealed_as_it_was() =>
        Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
        {
            using var secret = Secret.FromText(text);
            var bytes = new byte[secret.ByteCount];
            secret.RevealTo(bytes);
            using var again = Secret.FromBytes(bytes);
            return again.Reveal() == text;
        });

    [Theory]
    [InlineData("", "****")]
    [InlineData("0123456789abcdefghi", "****")]   // 19
    [InlineData("0123456789abcdefghij", "****ghij")]   // 20
    [InlineData("sk-test-not-a-real-key-0001", "****0001")]
    [InlineData("0123456789abcdefghi\n", "****")]
    [InlineData("0123456789abcdefgh🔑🔑", "****gh🔑🔑")]   // 20 characters, 22 of .NET's
    [InlineData("🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑", "****")]   // 10 characters, 20 of .NET's
    public void The_mask_shows_the_last_four_of_twenty_or_more(string secret, string mask) => Assert.Equal(mask, MaskedSecret.Of(secret));
}
