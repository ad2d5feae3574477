using Keypace.Cli;
using Keypace.Contracts;

namespace Keypace.Tests.Cli;

public sealed class PacingTextTests
{
    public static TheoryData<string, ApiKeyLimit> Written => new()
    {
        { "tokens=90000/60", new ApiKeyLimit("tokens", 90_000, 60) },
        { "tokens=90000", new ApiKeyLimit("tokens", 90_000) },
        { "requests=1000/day@America/Los_Angeles", new ApiKeyLimit("requests", 1_000, null, "America/Los_Angeles") },
        { "requests=1000/day", new ApiKeyLimit("requests", 1_000, null, "UTC") },
        { "concurrent=8", new ApiKeyLimit("concurrent", 8) },
        { "output_tokens=5/1s:vendor/model:free", new ApiKeyLimit("output_tokens", 5, 1, null, "vendor/model:free") },
    };

    [Theory]
    [MemberData(nameof(Written))]
    public void A_limit_is_read_as_it_is_written(string text, ApiKeyLimit limit)
    {
        Assert.Equal(limit, PacingText.Parse(text));
        Assert.Equal(limit, PacingText.Parse(PacingText.Said(limit)));
    }

    [Theory]
    [InlineData("tokens")]
    [InlineData("tokens=")]
    [InlineData("tokens=-5/60")]
    [InlineData("tokens=5/minute")]
    [InlineData("tokens=5e3/60")]
    public void What_is_no_limit_is_wrong_usage(string text) =>
        Assert.Contains("--also takes", Assert.Throws<CommandFailure>(() => PacingText.Parse(text)).Message, StringComparison.Ordinal);
}
