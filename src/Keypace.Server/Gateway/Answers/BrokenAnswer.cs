using System.Buffers;
using Keypace.Domain;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Protocols;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Answers;

/// <summary>The end of an answer that broke after some of it had gone on.</summary>
internal static class BrokenAnswer
{
    /// <summary>A stream of events ends with an event that says so; any other answer is cut, so that half of it does not look whole.</summary>
    public static async ValueTask EndAsync(HttpContext context, Query query, Refusal refusal)
    {
        var isStream = query.Routed is { ChecksAnswer: true } && context.Response.ContentLength is null
            && context.Response.ContentType?.StartsWith(PassedAnswer.EventStream, StringComparison.OrdinalIgnoreCase) == true;
        if (!isStream)
        {
            context.Abort();
            return;
        }

        var fault = refusal.Reason is RefusalReason.HubTimedOut ? HubFault.FellSilent() : HubFault.BrokenOff();
        query.Tally.Trouble = TranslatedAnswer.Sentence(query, fault);
        var end = new ArrayBufferWriter<byte>(512);
        end.Write("\n\n"u8);   // whatever event was begun is over
        fault.WriteEvent(end, query.Tally.Trouble);
        await context.Response.Body.WriteAsync(end.WrittenMemory, context.RequestAborted);
    }
}
