using System.IO.Compression;
using System.Net.Mime;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Demo;

/// <summary>The pretend hub's answer to one request: credential, limit, fault, delay, then the answer itself.</summary>
internal sealed class HubRequest(HttpContext context, Arrival arrival, HubQuery query, PretendHubOptions options, TimeProvider time)
{
    private CancellationToken Left => context.RequestAborted;

    private string Path => context.Request.Path.Value ?? "/";

    /// <param name="fault">The fault that strikes this request.</param>
    /// <param name="delayMs">Milliseconds before the answer starts.</param>
    public async Task AnswerAsync(HubFault fault, HubLimiter? window, int delayMs)
    {
        if (options.RequiredKey is { } key && !Presents(key))
        {
            await RefuseCredentialAsync();
        }
        else if (window is not null && !window.TryAccept(arrival.AtNs, out var retryAfterNs))
        {
            var seconds = (retryAfterNs + 999_999_999) / 1_000_000_000;
            LimitWords.Write(context.Response.Headers, options, arrival.Number, 0, time);
            await TooManyAsync(options.SaysRetryAfter ? seconds : null, "rate_limit_exceeded", "requests");
        }
        else
        {
            if (delayMs > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(delayMs), time, Left);

            if (window is not null && options.Dialect != HubDialect.None)
                LimitWords.Write(context.Response.Headers, options, arrival.Number, window.RemainingAt(arrival.AtNs), time);

            await AnswerWithAsync(fault);
        }
    }

    private Task AnswerWithAsync(HubFault fault)
    {
        switch (fault)
        {
            case HubFault.CloseBeforeAnswer or HubFault.CloseWhenReused:
                context.Abort();
                return Task.CompletedTask;
            case HubFault.HangBeforeFirstByte:
                return Task.Delay(Timeout.InfiniteTimeSpan, time, Left);
            case HubFault.ServerError:
                return WriteAsync(500, HubAnswers.Error("The server had an error while processing your request.", "server_error", null));
            case HubFault.Html:
                return WriteAsync(502, "<html><body><h1>502 Bad Gateway</h1></body></html>"u8.ToArray(), MediaTypeNames.Text.Html);
            case HubFault.Redirect:
                context.Response.Headers.Location = options.RedirectTo;
                context.Response.StatusCode = arrival.Status = 307;
                return Task.CompletedTask;
            case HubFault.TooManyRequests:
                return TooManyAsync(options.SaysRetryAfter ? options.FaultRetryAfterSeconds : null, "rate_limit_exceeded", "requests");
            case HubFault.SpendLimit:
                return TooManyAsync(null, "insufficient_quota", "insufficient_quota");
            case HubFault.Unauthorized:
                return RefuseCredentialAsync();
            default:
                return SucceedAsync(fault);
        }
    }

    private async Task SucceedAsync(HubFault fault)
    {
        var text = options.Echo ? HubAnswers.Echo(arrival)
            : options.AnswerBytes > 0 ? new string('x', options.AnswerBytes)
            : HubAnswers.Sentence;
        context.Response.Headers["x-request-id"] = $"req_pretend_{arrival.Number}";
        context.Response.Headers["openai-processing-ms"] = "1";
        if (query.Stream && HubEvents.For(Path, query, text, options.Chunks) is { } events)
        {
            await StreamAsync(events.ToArray(), fault);
            return;
        }

        var answer = HubAnswers.For(Path, query, text) ?? JsonNode.Parse(HubAnswers.Echo(arrival))!;
        var bytes = Encoding.UTF8.GetBytes(answer.ToJsonString());
        if (fault == HubFault.GzipDespiteIdentity)
        {
            using var packed = new MemoryStream();
            await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                await gzip.WriteAsync(bytes, Left);
            }

            context.Response.Headers.ContentEncoding = "gzip";
            bytes = packed.ToArray();
        }

        await WriteAsync(200, bytes, MediaTypeNames.Application.Json);
    }

    private async Task StreamAsync(string[] events, HubFault fault)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        arrival.Status = 200;
        for (var number = 0; number < events.Length; number++)
        {
            if (fault == HubFault.CloseMidStream && number == events.Length / 2)
            {
                context.Abort();
                return;
            }

            if (fault == HubFault.StallBetweenChunks && number == 2)
                await Task.Delay(Timeout.InfiniteTimeSpan, time, Left);

            if (options.BeforeEvent is { } gate)
                await gate(number, Left);

            if (options.ChunkIntervalMs > 0 && number > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(options.ChunkIntervalMs), time, Left);

            await context.Response.WriteAsync(events[number], Left);
            await context.Response.Body.FlushAsync(Left);
        }
    }

    private bool Presents(string key)
    {
        var value = context.Request.Headers[options.KeyHeader].ToString();
        return value == (options.KeyHeader.Equals("authorization", StringComparison.OrdinalIgnoreCase) ? $"Bearer {key}" : key);
    }

    /// <summary>Says the credential back, as hubs have done.</summary>
    private Task RefuseCredentialAsync() => WriteAsync(401, HubAnswers.Error(
        $"Incorrect API key provided: {context.Request.Headers[options.KeyHeader].ToString().Replace("Bearer ", "", StringComparison.Ordinal)}.",
        "invalid_request_error",
        "invalid_api_key"));

    private Task TooManyAsync(long? retryAfterSeconds, string code, string type)
    {
        if (retryAfterSeconds is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(Wire.Culture);

        return WriteAsync(429, HubAnswers.Error("Too many requests for this account.", type, code));
    }

    private Task WriteAsync(int status, JsonNode body) =>
        WriteAsync(status, Encoding.UTF8.GetBytes(body.ToJsonString()), MediaTypeNames.Application.Json);

    private async Task WriteAsync(int status, byte[] body, string contentType)
    {
        context.Response.StatusCode = arrival.Status = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, Left);
    }
}
