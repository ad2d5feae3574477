using Keypace.Server.Platform;

namespace Keypace.Tests.Server.Platform;

/// <summary>A limit of open files is said before it is met.</summary>
public sealed class OpenFilesTests
{
    [Theory]
    [InlineData(64L, true)]
    [InlineData(256L, true)]
    [InlineData(511L, true)]
    [InlineData(512L, false)]
    [InlineData(null, false)]
    public void Too_low_a_limit_is_a_sentence_that_names_it_and_what_to_do(long? limit, bool isTooLow)
    {
        var sentence = OpenFiles.WhyTooFew(limit);
        Assert.Equal(isTooLow, sentence is not null);
        if (sentence is not null)
        {
            Assert.Contains($"{limit} files", sentence, StringComparison.Ordinal);
            Assert.Contains("ulimit -n", sentence, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(20_000L, 65_536L, 20_000L)]
    [InlineData(20_000L, 20_000L, 9_744L)]
    [InlineData(20_000L, 1_024L, 256L)]
    [InlineData(20_000L, 512L, 64L)]
    [InlineData(20_000L, null, 20_000L)]
    [InlineData(100L, 1_024L, 100L)]
    public void Connections_leave_files_for_the_rest_and_fewer_than_set_is_said(long wanted, long? limit, long most)
    {
        Assert.Equal(most, OpenFiles.MostConnections(wanted, limit));
        Assert.Equal(most < wanted, OpenFiles.WhyFewConnections(wanted, limit) is not null);
    }

    [Fact]
    public void What_is_open_now_is_below_the_limit()
    {
        if (OperatingSystem.IsLinux())
            Assert.InRange(OpenFiles.Now()!.Value, 3, OpenFiles.Limit!.Value);
    }
}
