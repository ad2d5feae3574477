namespace Keypace.Demo;

/// <summary>What came of the demonstration: arrivals as the pretend hub logged them, answers as the callers got them.</summary>
internal sealed record DemoFigures(WindowReport Hub, int Answered, int RefusedCallers, int FailedQueries, string? FirstFailure, TimeSpan Took)
{
    public bool AllWell => Hub.Holds && RefusedCallers == 0 && FailedQueries == 0 && Answered > 0;

    public IEnumerable<string> Lines()
    {
        if (FailedQueries > 0)
            yield return $"{FailedQueries} queries failed, the first with: {FirstFailure}";

        if (!Hub.Holds)
            yield return $"THE LIMIT WAS BROKEN: {Hub.Limit.Requests + 1} queries arrived within {Hub.TightestSpanNs / 1e9:0.000} s";

        yield return $"most sends in any {Hub.Limit.Seconds} s: {Hub.MostInWindow} of {Hub.Limit.Requests}";
        yield return $"429s to callers: {RefusedCallers}";

        // Cut, not rounded: 99.96 is not 100.
        yield return string.Create(Wire.Culture, $"use of the allowance: {Math.Floor(Hub.UseOfAllowance * 1000) / 10:0.0} %");
        yield return $"share of each caller: {string.Join(", ", Hub.Share.Select(share => $"{share.Key} {share.Value}"))}";
        yield return string.Create(Wire.Culture, $"done in {Took.TotalSeconds:0.0} s");
    }
}
