using Keypace.Domain.Keys;

namespace Keypace.Tests;

public sealed class RateLimitTests
{
    [Fact]
    public void The_slower_limit_comes_first() => Assert.True(new RateLimit(1, 1) > new RateLimit(30, 60));
}
