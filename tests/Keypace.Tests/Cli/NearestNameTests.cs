using Keypace.Cli;

namespace Keypace.Tests.Cli;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("opnai", "openai")]
    [InlineData("OPENAI", "openai")]
    [InlineData("antrhopic", "anthropic")]
    [InlineData("fireworks-main", "fireworks-mian")]
    [InlineData("xyz", null)]
    [InlineData("", null)]
    public void The_name_with_the_fewest_changes_is_found_when_they_are_few(string typed, string? near) =>
        Assert.Equal(near, NearestName.Find(typed, ["anthropic", "openai", "fireworks-mian", "a"]));
}
