using Keypace.Domain.Pacing;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Snapshots;

namespace Keypace.Tests.Server.Gateway;

public sealed class SharedCountsTests
{
    private static readonly HubInTeam Hub = new(Id(9), "openai");
    private static readonly Guid A = Id(1);
    private static readonly Guid B = Id(2);

    private readonly SharedCounts _counts = new();

    [Fact]
    public void Two_keys_whose_answers_count_down_together_are_one_account()
    {
        for (var left = 499; left >= 495; left--)
            Note(left % 2 == 0 ? A : B, left);
        Assert.False(_counts.AreOne(A, B));   // four steps from one to the other

        Note(A, 494);

        Assert.True(_counts.AreOne(A, B));
        Assert.True(_counts.AreOne(B, A));
        Assert.False(_counts.AreOne(A, Id(3)));
    }

    [Theory]
    [InlineData(0)]    // the same number each
    [InlineData(1)]    // one behind the other: each answer follows its own last as well
    [InlineData(200)]
    public void Two_keys_that_are_counted_apart_are_not_however_alike_they_are_used(int behind)
    {
        for (var left = 499; left > 300; left--)
        {
            Note(A, left);
            Note(B, left - behind);
        }

        Assert.False(_counts.AreOne(A, B));
    }

    [Fact]
    public void A_pair_that_shows_counts_of_its_own_later_is_one_no_more()
    {
        for (var left = 499; left > 490; left--)
            Note(left % 2 == 0 ? A : B, left);
        Assert.True(_counts.AreOne(A, B));

        Note(A, 300);
        Note(B, 490);   // B's own last was 491

        Assert.False(_counts.AreOne(A, B));
    }

    [Theory]
    [InlineData(500, 60, null)]
    [InlineData(null, 60, 400)]
    public void Answers_that_lack_a_number_tell_nothing(int? limit, int seconds, int? left)
    {
        for (var i = 0; i < 20; i++)
            _counts.Note(Hub, i % 2 == 0 ? A : B, new HubReport(seconds, limit, left - i));

        Assert.False(_counts.AreOne(A, B));
    }

    [Theory]
    [InlineData(600, 60)]
    [InlineData(500, 86_400)]
    public void Different_limits_are_different_counts(int limit, int seconds)
    {
        for (var left = 499; left > 480; left--)
            _counts.Note(Hub, left % 2 == 0 ? A : B, left % 2 == 0 ? new HubReport(60, 500, left) : new HubReport(seconds, limit, left));

        Assert.False(_counts.AreOne(A, B));
    }

    private static Guid Id(byte last) => new([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);

    private void Note(Guid key, int left) => _counts.Note(Hub, key, new HubReport(60, 500, left));
}
