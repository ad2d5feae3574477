using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>The network cuts streams anywhere: what comes out must not depend on it.</summary>
internal static class Cuts
{
    private const int RandomCuts = 4;

    public static void Check(string name, Func<NativeAnswers> answers, byte[] native)
    {
        var whole = Answers.Run(answers(), native, [Math.Max(1, native.Length)]);
        Assert.Equal(whole, Answers.Run(answers(), native, [1]));
        for (var at = 1; at < native.Length; at += Math.Max(1, native.Length / 40))
            Assert.True(whole == Answers.Run(answers(), native, [at, native.Length]), $"{name}: cut at byte {at}");

        for (var seed = 0; seed < RandomCuts; seed++)
        {
            var chance = new Random(seed);
            var lengths = Enumerable.Range(0, native.Length + 1).Select(_ => chance.Next(1, 90)).ToList();
            Assert.True(whole == Answers.Run(answers(), native, lengths), $"{name}: cut with seed {seed}");
        }
    }
}
