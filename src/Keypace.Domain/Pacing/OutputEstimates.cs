namespace Keypace.Domain.Pacing;

/// <summary>
/// How many tokens a model's answers have lately: the most of the last 64, for reserving where a query does not say how much it allows: an
/// answer longer than what was reserved passes the limit. Not thread-safe.
/// </summary>
/// <param name="mostModels">Models that are remembered; the one that was learned longest ago makes room.</param>
public sealed class OutputEstimates(int mostModels = 256)
{
    /// <summary>Answers that are remembered of a model.</summary>
    public const int Remembered = 64;

    private readonly Dictionary<string, Recent> _models = [];
    private long _learned;

    /// <summary>An answer had so many tokens; negative numbers are ignored.</summary>
    public void Learn(string model, long outputTokens)
    {
        if (outputTokens < 0)
            return;

        if (!_models.TryGetValue(model, out var recent))
        {
            if (_models.Count >= mostModels)
                _models.Remove(_models.MinBy(entry => entry.Value.LearnedAt).Key);

            _models.Add(model, recent = new Recent());
        }

        recent.Add(outputTokens, ++_learned);
    }

    /// <summary>What to reserve for an answer.</summary>
    /// <param name="mostTokens">What the query allows at most (max_tokens); null when it does not say.</param>
    /// <param name="otherwise">Reserved when no answer was seen and the query does not say.</param>
    public long Of(string model, long? mostTokens, long otherwise) =>
        mostTokens is >= 0 and var most ? most
        : _models.TryGetValue(model, out var recent) ? recent.Largest : otherwise;

    private sealed class Recent
    {
        private readonly long[] _last = new long[Remembered];
        private long _added;

        public long LearnedAt { get; private set; }

        public void Add(long tokens, long at)
        {
            _last[_added++ % Remembered] = tokens;
            LearnedAt = at;
        }

        public long Largest => _last.Max();
    }
}
