using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Which refusals are a model's own.</summary>
public sealed class ModelFatesTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void A_refusal_is_a_models_own_while_others_are_not_refused()
    {
        var fates = Asked("x", "y", "z");

        Assert.Equal(RefusalScope.Model, fates.Refused("x", 10, 11));
        Assert.Equal(RefusalScope.Model, fates.Refused("z", 12, 13));   // two bad models, and one that is well
        Assert.Equal(RefusalScope.Key, fates.Refused("y", 14, 15));     // now all of them
        Assert.True(fates.IsAnyRefused);

        fates.Answered("y", 13);                                        // was sent before the refused one: says nothing
        Assert.Equal(RefusalScope.Key, fates.Refused("x", 16, 17));
        fates.Answered("y", 18);
        Assert.Equal(RefusalScope.Model, fates.Refused("x", 19, 20));
        fates.Answered("x", 21);
        fates.Answered("z", 21);
        Assert.False(fates.IsAnyRefused);
    }

    [Fact]
    public void Where_only_one_model_is_asked_lately_a_refusal_is_the_keys()
    {
        var fates = new ModelFates(1);
        fates.Asked("x", 0);
        Assert.Equal((RefusalScope.Key, true), (fates.Refused("x", 1, 2), fates.IsAlone("x", 2)));

        fates.Asked("y", 3);
        Assert.Equal((RefusalScope.Model, false), (fates.Refused("x", 4, 5), fates.IsAlone("x", 5)));

        Assert.Equal((RefusalScope.Key, true), (fates.Refused("x", 90 * Second, 91 * Second), fates.IsAlone("x", 91 * Second)));
    }

    [Fact]
    public void A_models_wait_grows_once_for_a_burst_and_ends_with_an_answer()
    {
        var fates = Asked("x", "y");
        fates.Refused("x", 0, 1);

        Assert.InRange(fates.WaitsUntil("x", null, 0, 10) - 10, Second, 1.1 * Second);
        Assert.InRange(fates.WaitsUntil("x", null, 5, 20) - 20, Second, 1.1 * Second);          // of the same burst
        Assert.InRange(fates.WaitsUntil("x", null, 2 * Second, 3 * Second) - (3 * Second), 2 * Second, 2.2 * Second);
        Assert.InRange(fates.WaitsUntil("x", 7 * Second, 4 * Second, 5 * Second) - (5 * Second), 7 * Second, 7.7 * Second);
        fates.Answered("x", 9 * Second);
        Assert.InRange(fates.WaitsUntil("x", null, 20 * Second, 21 * Second) - (21 * Second), Second, 1.1 * Second);
        Assert.InRange(fates.WaitsUntil("x", long.MaxValue, 30 * Second, 0), LimitLearner.AskEvery, 1.1 * LimitLearner.AskEvery);
    }

    [Fact]
    public void However_many_models_are_asked_for_it_knows_the_last_ones()
    {
        var fates = new ModelFates(1);
        for (var i = 0; i < 10_000; i++)
            fates.Asked($"model {i}", i);

        Assert.Equal(RefusalScope.Model, fates.Refused("model 9999", 10_000, 10_001));
        Assert.Equal(RefusalScope.Model, fates.Refused("never seen", 10_000, 10_001));
    }

    private static ModelFates Asked(params string[] models)
    {
        var fates = new ModelFates(1);
        Array.ForEach(models, model => fates.Asked(model, 0));
        return fates;
    }
}
