using Keypace.Domain;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Calls;

/// <summary>What a caller is told whose query got no place in the line.</summary>
internal static class TurnRefusals
{
    /// <param name="binding">The limit that binds, in one word; null when none does.</param>
    public static Refusal Of(EntryRefusal refused, in QueryNeed need, string? binding) => refused.Kind switch
    {
        EntryRefusalKind.QueueFull => new(RefusalReason.Limited, "queue_full",
            "So many queries wait for this key that no more are taken. Try again when some are through.", refused.RetryAfter),
        EntryRefusalKind.CallerQueueFull => new(RefusalReason.Limited, "queue_full",
            "This caller has as many queries waiting for this key as it may have. Try again when some are through.", refused.RetryAfter),
        EntryRefusalKind.ShuttingDown => HubRefusals.ShuttingDown,
        EntryRefusalKind.TooLarge => TooLarge(refused.Quota!, need),
        EntryRefusalKind.CircuitOpen => new(RefusalReason.Limited, "hub_quota_exhausted",
            $"The hub said a moment ago that waiting does not help: no quota, or the account's money is spent. The next query is tried in {refused.RetryAfter.TotalSeconds:0} s; nothing was sent. An owner can lift this with 'keypace api-keys unpause'.",
            refused.RetryAfter) { Fault = KeyFault.NothingLeft },
        _ when refused.RetryAfter == TimeSpan.MaxValue => new(RefusalReason.Limited, "no_turn_in_time",
            $"The turn of this query, at place {refused.Position + 1} in the line, comes when queries that are under way have ended{(binding is null ? "" : $" (what binds is {binding})")}; nobody knows when, and the caller does not wait. Nothing was sent."),
        _ => new(RefusalReason.Limited, "no_turn_in_time",
            $"The turn of this query would come in {refused.RetryAfter.TotalSeconds:0.0} s, at place {refused.Position + 1} in the line{(binding is null ? "" : $" (what binds is {binding})")}: later than the caller would wait. Nothing was sent.",
            refused.RetryAfter),
    };

    private static Refusal TooLarge(Quota quota, in QueryNeed need)
    {
        var (amount, what) = quota.Dimension switch
        {
            QuotaDimension.InputTokens => (need.InputTokens, "input tokens"),
            QuotaDimension.OutputTokens => (need.OutputTokens, "output tokens"),
            _ => (need.InputTokens + need.OutputTokens, "tokens"),
        };
        return new Refusal(RefusalReason.Malformed, "larger_than_limit",
            $"This query needs about {amount:N0} {what}, more than the key's limit {LimitText.Of(quota)} allows at all. Shorten it, lower max_tokens, or raise the limit.");
    }
}
