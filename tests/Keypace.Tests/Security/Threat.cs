using System.Globalization;

namespace Keypace.Tests.Security;

/// <summary>
/// One threat of docs/threat-model.md while it is tried: counts its cases, keeps the first failures, and prints
/// <c>T13 smuggling: 128 cases, 0 failures (seed 1)</c>. <c>./dev campaign security</c> collects these lines.
/// </summary>
internal sealed class Threat(string id, string name)
{
    private const int MostTold = 10;

    private static readonly Lock Gate = new();

    private readonly List<string> _told = [];
    private int _cases;
    private int _failures;

    /// <summary><c>KEYPACE_SEED</c> repeats a run that failed; a campaign draws its own.</summary>
    public int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_SEED"), out var seed) ? seed : Depth.IsCampaign ? Environment.ProcessId : 1;

    /// <summary>The number of cases: the slice of every test run, or the campaign's.</summary>
    public static int Cases(int slice, int campaign) => Depth.Count(slice, campaign);

    public void Check(bool isGood, Func<string> what)
    {
        Interlocked.Increment(ref _cases);
        if (isGood)
            return;
        Interlocked.Increment(ref _failures);
        lock (_told)
        {
            if (_told.Count < MostTold)
                _told.Add(what());
        }
    }

    /// <summary>Says the outcome, and fails the test where there was a failure.</summary>
    public void Done()
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{id} {name}: {_cases:N0} cases, {_failures:N0} failures (seed {Seed})");
        lock (Gate)
        {
            Console.WriteLine(line);
            if (Environment.GetEnvironmentVariable("KEYPACE_THREATS") is { Length: > 0 } file)
                File.AppendAllText(file, line + "\n");
        }

        Assert.True(_cases > 0, $"{id} tried nothing.");
        Assert.True(_failures == 0, line + "\n" + string.Join('\n', _told));
    }
}
