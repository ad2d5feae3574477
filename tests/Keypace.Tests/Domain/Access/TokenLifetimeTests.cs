using Keypace.Domain.Access;

namespace Keypace.Tests.Domain.Access;

public sealed class TokenLifetimeTests
{
    private static readonly DateTimeOffset _now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void A_token_lives_ninety_days_unless_told_and_never_over_366()
    {
        Assert.Equal(_now.AddDays(90), Expiry(null));
        Assert.Equal(_now.AddDays(366), Expiry(_now.AddDays(366).ToUnixTimeSeconds()));
        Assert.Equal(_now.AddSeconds(1), Expiry(_now.ToUnixTimeSeconds() + 1));
        Assert.Null(Expiry(_now.ToUnixTimeSeconds()));
        Assert.Null(Expiry(_now.AddDays(366).ToUnixTimeSeconds() + 1));
        Assert.Null(Expiry(_now.AddDays(30).ToUnixTimeMilliseconds()));
        Assert.Null(Expiry(long.MaxValue));
        Assert.Null(Expiry(long.MinValue));
    }

    private static DateTimeOffset? Expiry(long? wanted) => TokenLifetime.Expiry(_now, wanted).TryGet(out var at, out _) ? at : null;
}
