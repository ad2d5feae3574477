using System.Buffers;
using Keypace.Domain;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Protocols;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Answers;

/// <summary>The end of an answer that broke after some of it had gone on: half of it must not look whole.</summary>
internal static class BrokenAnswer
{
    /// <summary>A caller who does not read has no use for the event.</summary>
    private static readonly TimeSpan EventPatience = TimeSpan.FromMilliseconds(500);

    /// <summary>A stream of events ends with an event that says so, in the form of its route; then, like any other answer, it is cut.</summary>
    /// <returns>True when the connection is still to be cut, after what was written.</returns>
    public static async ValueTask<bool> EndAsync(HttpContext context, Query query, Refusal refusal)
    {
        var response = context.Response;
        var isStream = response is { ContentLength: null }
            && response.ContentType?.StartsWith(PassedAnswer.EventStream, StringComparison.OrdinalIgnoreCase) == true;
        if (!isStream)
        {
            // What a hub broke off is cut behind what was written, for the head may still lie here; a caller whose right ended gets nothing more.
            if (refusal.Reason is not RefusalReason.Unauthenticated)
                return true;
            context.Abort();
            return false;
        }

        var fault = refusal.Reason switch
        {
            RefusalReason.HubTimedOut => HubFault.FellSilent(),
            RefusalReason.Unauthenticated => new HubFault(401, "authentication_error", refusal.Code, refusal.Detail, IsHubsOwn: false),
            _ => HubFault.BrokenOff() with { Code = refusal.Code },
        };
        var sentence = fault.Status == 401 ? refusal.Detail : TranslatedAnswer.Sentence(query, fault);
        if (fault.Status != 401)
            query.Tally.Trouble = sentence;
        var end = new ArrayBufferWriter<byte>(512);
        end.Write("\n\n"u8);   // whatever event was begun is over
        fault.WriteEvent(end, sentence, FormOf(context, query));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(EventPatience);
        try
        {
            await response.Body.WriteAsync(end.WrittenMemory, patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return false;
        }
    }

    /// <summary>Streams of a key's own path are in the form of the hub's route.</summary>
    private static StreamErrorForm FormOf(HttpContext context, Query query)
    {
        if (query.Routed is { Native: { } native })
            return native.ErrorForm;
        var path = context.Request.Path.Value!.TrimEnd('/');
        return path.EndsWith("/responses", StringComparison.Ordinal) ? StreamErrorForm.Responses
            : path.EndsWith("/messages", StringComparison.Ordinal) ? StreamErrorForm.Messages
            : StreamErrorForm.Chat;
    }
}
