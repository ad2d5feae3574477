using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class OutputEstimatesTests
{
    [Fact]
    public void All_of_the_last_answers_fit_and_what_a_query_allows_goes_before()
    {
        var estimates = new OutputEstimates();
        for (var i = 1; i <= 100; i++)
        {
            estimates.Learn("m", i);
            for (var nonsense = 0; nonsense < 20; nonsense++)
                estimates.Learn("m", -1);
        }

        Assert.Equal(100, estimates.Of("m", null, 5));
        Assert.Equal(50, estimates.Of("m", 50, 5));
        Assert.Equal(1000, estimates.Of("m", 1000, 5));
        for (var i = 0; i < OutputEstimates.Remembered; i++)
        {
            estimates.Learn("m", 0);   // an empty answer is one
        }

        Assert.Equal(0, estimates.Of("m", null, 5));
    }

    [Fact]
    public void Until_an_answer_was_seen_what_nobody_knows_is_taken()
    {
        var estimates = new OutputEstimates();
        Assert.Equal((1000, 77), (estimates.Of("m", 1000, 77), estimates.Of("m", null, 77)));
        estimates.Learn("m", 10);
        Assert.Equal((1000, 10), (estimates.Of("m", 1000, 77), estimates.Of("m", null, 77)));
        Assert.Equal((77, 77, 0), (estimates.Of("other", null, 77), estimates.Of("other", -1, 77), estimates.Of("m", 0, 77)));
    }

    [Fact]
    public void The_model_that_was_learned_longest_ago_makes_room()
    {
        var estimates = new OutputEstimates(mostModels: 2);
        foreach (var model in new[] { "a", "b", "a", "c" })
        {
            for (var i = 0; i < 8; i++)
                estimates.Learn(model, 3);
        }

        Assert.Equal((3, 9, 3), (estimates.Of("a", null, 9), estimates.Of("b", null, 9), estimates.Of("c", null, 9)));
    }
}
