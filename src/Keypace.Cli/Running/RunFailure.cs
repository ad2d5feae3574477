using Keypace.Client;

namespace Keypace.Cli.Running;

/// <summary>Why a question has no answer.</summary>
/// <param name="Code">A stable word, what failures are counted by.</param>
/// <param name="Sentence">For people; holds no secret.</param>
/// <param name="Status">Of the answer; null when none came.</param>
internal sealed record RunFailure(string Code, string Sentence, int? Status, string? RequestId)
{
    /// <summary>The hub said 200, and what it said is no answer.</summary>
    public const string NoAnswer = "hub_answer_unreadable";

    private const int LongestSaid = 300;

    public static RunFailure Of(KeypaceException failure) => new(failure.Code, failure.Detail, failure.Status, failure.RequestId);

    /// <param name="why">A clause, or the hub's own words.</param>
    public static RunFailure Of(RawAnswer answer, string why) => new(
        NoAnswer, $"The hub answered {answer.Status}, but not the question: {(why.Length > LongestSaid ? why[..LongestSaid] + "…" : why)}", answer.Status, answer.Delivery.RequestId);
}
