using System.Runtime.CompilerServices;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.OpenAi;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Wire;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Answers;

/// <summary>Step 5's second half for hubs that speak the caller's language: the answer goes on as it comes.</summary>
internal static class PassedAnswer
{
    public const string EventStream = "text/event-stream";

    /// <returns>What the answer is instead of one; nothing of it was written then. Null when it was passed on.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]   // one a query, awaited once
    public static async ValueTask<Refusal?> CopyAsync(HubAnswer answer, HttpContext context, Query query, HubClock clock)
    {
        var (routed, response) = (query.Routed!, context.Response);
        AnswerHead.Write(answer.Response, response, routed, answer.Scrub);
        if (AnswerFraming.IsHeadAlone(answer.Status))
        {
            response.ContentLength = null;
            return null;
        }

        if (answer.Response.Headers.NonValidated.Contains("Transfer-Encoding"))
            response.ContentLength = null;   // a length beside pieces says nothing
        if (response.ContentType?.StartsWith(EventStream, StringComparison.OrdinalIgnoreCase) == true)
            response.Headers["X-Accel-Buffering"] = "no";   // nginx in front passes each event on at once
        if (answer.IsFinal)
            response.Headers["x-should-retry"] = "false";
        if (answer.IsTerminal)
        {
            query.Tally.Trouble = $"{routed.Key.Hub.DisplayName} refused a query in a way that waiting does not cure (it answered {answer.Status}): the account's quota or credit is used up, or its plan lacks the model.";
        }

        if (answer.Small is { } small)
        {
            if (routed.ChecksAnswer && OpenAiAnswers.IsSuspicious(answer.Status, small, isWhole: true) && OpenAiAnswers.Fault(answer.Status, small) is { } none)
                return await WriteFaultAsync(answer, context, query, none);
            response.ContentLength = small.Length;
            await response.Body.WriteAsync(small, clock.Token);
            return null;
        }

        // A hub that answers with no events is passed on as it is.
        var filter = routed.DropsUsageChunk && EventStream.Equals(answer.Response.Content.Headers.ContentType?.MediaType, StringComparison.OrdinalIgnoreCase) ? new UsageChunkFilter() : null;
        if (filter is not null)
            response.ContentLength = null;
        var fault = await AnswerCopy.BodyAsync(
            answer.Response, response.Body, answer.Scrub, query.Tally.Usage, clock, filter: filter, checkedStatus: routed.ChecksAnswer ? answer.Status : null);
        return fault is null ? null : await WriteFaultAsync(answer, context, query, fault);
    }

    private static ValueTask<Refusal?> WriteFaultAsync(HubAnswer answer, HttpContext context, Query query, HubFault fault)
    {
        context.Response.ContentLength = null;
        context.Response.ContentType = "application/json";
        if (answer.Scrub is { } scrub)
            fault = fault with { Words = scrub.Sentence(fault.Words) };
        return TranslatedAnswer.WriteFaultAsync(context, query, fault, answer.IsTerminal);
    }
}
