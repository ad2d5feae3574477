using Keypace.Domain;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Learning;

/// <summary>What a caller is told when a hub gave no answer that could be passed on.</summary>
internal static class HubRefusals
{
    /// <param name="words">The hub's own; null when it gave none that can be passed on.</param>
    public static Refusal RefusedKey(ServedKey key, int status, string? words) => new(RefusalReason.HubFailed, "hub_refused_key",
        $"{key.Hub.DisplayName} refused the stored secret of '{key.Name}' (it answered {status}{(words is null ? "" : $": \"{words}\"")}). Your access token is fine. Test the key, or replace its secret.") { Fault = KeyFault.SecretRefused };

    /// <summary>It began to answer, and stopped before anything of it could be passed on.</summary>
    public static Refusal FellSilent(ServedKey key) => new(RefusalReason.HubTimedOut, "hub_timed_out",
        $"{key.Hub.DisplayName} fell silent in the middle of its answer to the query through '{key.Name}' (setting Gateway:IdleSeconds).");

    /// <summary>It broke off or fell silent after its answer's head.</summary>
    public static Refusal InAnswer(Exception failure, ServedKey key, HubClock clock) => clock.HubWasSilent
        ? FellSilent(key)
        : failure is UndecodableAnswerException undecodable ? Undecodable(undecodable, key)
        : AnswerFraming.IsInvalid(failure) ? NoAnswer(key, "its answer's pieces are not framed as HTTP requires") : BrokeOffInAnswer(key);

    private static Refusal BrokeOffInAnswer(ServedKey key) => new(RefusalReason.HubFailed, "hub_broke_off",
        $"{key.Hub.DisplayName} broke off in the middle of its answer to the query through '{key.Name}'. The query has reached it; send it again if that does no harm.");

    private static Refusal Undecodable(UndecodableAnswerException failure, ServedKey key) => new(RefusalReason.HubFailed, "hub_answer_undecodable",
        $"{key.Hub.DisplayName} compressed its answer to the query through '{key.Name}', which it was asked not to do, and it cannot be decoded: {failure.Why}. The query has reached it.");

    /// <param name="why">What it sent, in a few words of ours.</param>
    public static Refusal NoAnswer(ServedKey key, string why) => new(RefusalReason.HubFailed, "hub_answer_invalid",
        $"{key.Hub.DisplayName} answered the query through '{key.Name}' with something that is no HTTP answer: {why}. The query has reached it. Check the key's address.");

    /// <param name="words">The hub's own; null when it gave none that can be passed on.</param>
    public static Refusal NoModelList(ServedKey key, int status, string? words) => new(RefusalReason.HubFailed, "hub_answer_unreadable",
        $"{key.Hub.DisplayName} gave '{key.Name}' no list of models that can be read: it answered {status}{(words is null ? "" : $": \"{words}\"")}. Use a model's own name, or ask again later.");

    public static Refusal ShuttingDown { get; } = new(RefusalReason.Unavailable, "shutting_down",
        "This server is shutting down and took no more turns. Nothing was sent; try again when it is back.", TimeSpan.FromSeconds(5));

    /// <param name="again">How long one that came now would wait; <see cref="TimeSpan.MaxValue"/>: nobody knows.</param>
    public static Refusal TurnExpired(TimeSpan again) => new(RefusalReason.Limited, "no_turn_in_time",
        $"The turn of this query did not come while the caller would wait. Nothing was sent. {(again == TimeSpan.MaxValue
            ? "It would come when queries that are under way have ended, and nobody knows when."
            : $"One that came now would wait {again.TotalSeconds:0.0} s.")}",
        again == TimeSpan.MaxValue ? null : again) { HasWaited = true };

    /// <param name="mayHaveLeft">True when the hub may have got the query.</param>
    public static Refusal Of(Exception failure, ServedKey key, HubClock clock, bool mayHaveLeft)
    {
        var hub = key.Hub.DisplayName;
        if (clock.HubWasSilent)
        {
            return new(RefusalReason.HubTimedOut, "hub_timed_out",
                $"{hub} did not begin to answer the query through '{key.Name}' within the bound (setting Gateway:FirstByteSeconds). The query may have been answered there all the same.");
        }

        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is EgressRefusedException)
            {
                return new(RefusalReason.HubFailed, "egress_refused",
                    $"The address of '{key.Name}' leads to a private or special network, where no key is sent. If it is meant, the operator lists it in KEYPACE_EGRESS__ALLOW.");
            }
        }

        if (mayHaveLeft)
        {
            return new(RefusalReason.HubFailed, "hub_broke_off",
                $"{hub} broke the connection off before it answered the query through '{key.Name}'. The query may have reached it; send it again if that does no harm.");
        }

        if (failure is OperationCanceledException)
        {
            return new(RefusalReason.HubTimedOut, "hub_unreachable",
                $"{hub} could not be reached in time for the query through '{key.Name}' (setting Gateway:ConnectSeconds). Nothing was sent. Check the key's address and this server's network.");
        }

        return (failure as HttpRequestException)?.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new(RefusalReason.HubFailed, "hub_unreachable",
                $"The host name of {hub} could not be resolved for the query through '{key.Name}'. Nothing was sent. Check the key's address and this server's name service."),
            HttpRequestError.SecureConnectionError => new(RefusalReason.HubFailed, "hub_unreachable",
                $"No secure connection to {hub} could be made for the query through '{key.Name}': its certificate or protocol was not accepted. Nothing was sent."),
            _ => new(RefusalReason.HubFailed, "hub_unreachable",
                $"{hub} could not be reached for the query through '{key.Name}'. Nothing was sent. Check the key's address and this server's network."),
        };
    }
}
