using Keypace.Domain;
using Keypace.Domain.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Platform;

/// <summary>
/// Gives every failure an answer in the route's shape: what the server cannot read, statuses that nobody put into words, and bugs. Details of
/// a bug go to the log, found by the request's id, and never into an answer.
/// </summary>
/// <param name="whyNotStored">What a failure of the store's means, such as a full disk; null for any other.</param>
internal sealed partial class LastResort(
    RequestDelegate next, KnownPaths paths, Func<Exception, Refusal?> whyNotStored, TimeProvider time, ILogger<LastResort> logger)
{
    private static readonly Refusal _bug = new(
        RefusalReason.Unavailable,
        "internal_error",
        "Something broke inside Keypace. Its log says more under this request's id; please report it.");

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentType: null, ContentLength: null })
                await DescribeStatusAsync(context);
        }
        catch (BadHttpRequestException failure)
        {
            await Problems.WriteAsync(context, Unreadable(failure), failure.StatusCode is >= 400 and < 500 ? failure.StatusCode : 400);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (AnswerCutException)
        {
            throw;
        }
        catch (Exception failure)
        {
            var refusal = whyNotStored(failure);
            if (refusal is null)
                Log.Broke(logger, RequestIds.Of(context), failure);
            else
                Log.NotStored(logger, RequestIds.Of(context), refusal.Code);
            if (context.Response.HasStarted)
            {
                context.Abort();   // an answer that ends properly would look complete
                return;
            }

            await (refusal is null ? Problems.WriteAsync(context, _bug, StatusCodes.Status500InternalServerError) : Problems.WriteAsync(context, refusal));
        }

        if (context.Response.StatusCode >= 400 && UnreadBody.IsLeft(context))
            await UnreadBody.DropAsync(context, time);
    }

    private Task DescribeStatusAsync(HttpContext context)
    {
        var request = context.Request;
        var status = context.Response.StatusCode;
        if (status == StatusCodes.Status405MethodNotAllowed && !paths.Has(context.Request.Path))
        {
            context.Response.Headers.Allow = default;
            return UnknownPaths.RefuseAsync(context);
        }

        return status switch
        {
            StatusCodes.Status405MethodNotAllowed => Problems.WriteAsync(
                context,
                new Refusal(
                    RefusalReason.Malformed,
                    "method_not_allowed",
                    // Neither path nor method is said back but for methods that are ones: either may be a secret in the wrong place.
                    $"This path does not take {(TypedName.MayBeSaid(request.Method) ? request.Method : "this method")}{(context.Response.Headers.Allow is { Count: > 0 } allowed ? $", but {allowed}" : "")}."),
                status),
            StatusCodes.Status415UnsupportedMediaType => Problems.WriteAsync(
                context, JsonBody.Wanted, status),
            _ => Problems.WriteAsync(context, new Refusal(RefusalReason.Malformed, "refused", "The request was refused."), status),
        };
    }

    private static Refusal Unreadable(BadHttpRequestException failure) => failure.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? new Refusal(RefusalReason.TooLarge, "body_too_large", "The request's body is larger than this route takes. For queries the setting Gateway:MaxBodyBytes decides.")
        : failure.StatusCode == StatusCodes.Status408RequestTimeout
            ? new Refusal(RefusalReason.Malformed, "request_too_slow", "The request's body came too slowly. Send it again.")
            : new Refusal(RefusalReason.Malformed, "unreadable_request", "The request cannot be read: its body is broken or ends too soon.");

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Request {RequestId} could not be stored: {Code}")]
        public static partial void NotStored(ILogger logger, string requestId, string code);

        [LoggerMessage(LogLevel.Error, "Request {RequestId} met a bug")]
        public static partial void Broke(ILogger logger, string requestId, Exception failure);
    }
}
