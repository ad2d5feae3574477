using System.Buffers;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.OpenAi;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Protocols;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Answers;

/// <summary>A hub's answer whose head is here and whose body is still to come (or was read because it is small). Dispose frees the connection.</summary>
/// <param name="turn">Ends with the answer: what it used is settled, and it no longer counts as under way.</param>
internal sealed class HubAnswer(HttpResponseMessage response, Credential credential, HubLine line, Turn turn, Query query) : IDisposable
{
    /// <summary>An error's body is never longer than this for our purposes.</summary>
    private const int MostSmallBytes = 64 * 1024;

    private const string EventStream = "text/event-stream";

    private byte[]? _small;
    private bool _isTerminal;
    private bool _isDisposed;

    public int Status => (int)response.StatusCode;

    public HttpResponseMessage Response => response;

    /// <summary>The body as far as <see cref="ReadSmallAsync"/> read it, the key's secret starred out.</summary>
    public ReadOnlySpan<byte> Small => _small;

    /// <summary>True when the hub said that waiting does not help; known once <see cref="Limits"/> was asked.</summary>
    public bool IsTerminal => _isTerminal;

    /// <summary>Stars the key's secret out of what goes on to the caller; null when there is none to look for.</summary>
    public SecretScrub? Scrub => credential.Scrub;

    /// <summary>Some header has to do with limits; one pass over the names is cheaper than asking for each that a hub may use.</summary>
    public bool SpeaksOfLimits
    {
        get
        {
            foreach (var header in response.Headers.NonValidated)
            {
                if (header.Key.Length >= "ratelimit-limit".Length && header.Key.Contains("ratelimit", StringComparison.OrdinalIgnoreCase))
                    return true;
            }

            return false;
        }
    }

    /// <summary>Reads the body of an answer that is small. One that breaks off leaves what its status says, and no words.</summary>
    /// <exception cref="OperationCanceledException">The hub fell silent, or the caller left.</exception>
    public async ValueTask ReadSmallAsync(HubClock clock)
    {
        if (_small is not null)
            return;
        clock.ExpectPiece();
        try
        {
            _small = await AnswerCopy.ReadSmallAsync(response, MostSmallBytes, clock.Token);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            _small = [];
        }

        if (credential.Scrub is { } scrub)
        {
            // One whole piece: put behind the room that the scrubber wants, and take the held end too.
            var buffer = new byte[scrub.Room + _small.Length];
            _small.CopyTo(buffer, scrub.Room);
            var (from, to) = scrub.Pass(buffer, scrub.Room, _small.Length);
            _small = [.. buffer.AsSpan(from, to - from), .. scrub.Rest().Span];
        }
    }

    /// <summary>The whole body, the key's secret starred out, for answers that are translated. It ends at the bound, in bytes.</summary>
    public async ValueTask<byte[]> ReadWholeAsync(long mostBytes, Query query, HubClock clock)
    {
        if (_small is not null)
            return _small;
        using var whole = new MemoryStream();
        await AnswerCopy.BodyAsync(response, whole, credential.Scrub, query.Usage, clock, mostBytes);
        return whole.ToArray();
    }

    /// <summary>What the hub says for itself, without a piece of the secret; null when it says nothing. Known after <see cref="ReadSmallAsync"/>.</summary>
    public string? Words => HubWords.Of(_small, credential.Text);

    /// <summary>What a 429 says about waiting.</summary>
    public LimitSignal Limits(HubProfile hub, DateTimeOffset now)
    {
        var signal = LimitSignals.Read(hub, Status, name => HeaderOf(name), _small, now);
        _isTerminal = signal.IsTerminal;
        return signal;
    }

    public string? HeaderOf(string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString()
        : response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;

    /// <summary>Status and headers as they came, less what must not cross.</summary>
    public void WriteHead(HttpResponse into) => AnswerCopy.Head(response, into, credential.Scrub, credential.Text);

    /// <summary>Passes the answer on. When the hub breaks off or falls silent in the middle, the caller's connection is cut: half an answer must not look whole.</summary>
    public async ValueTask CopyToAsync(HttpContext context, Query query, HubClock clock)
    {
        AnswerCopy.Head(response, context.Response, credential.Scrub, credential.Text);
        if (_isTerminal)
        {
            context.Response.Headers["x-should-retry"] = "false";
            query.Trouble = $"{query.Choice!.Key.Hub.DisplayName} refused a query in a way that waiting does not cure (it answered {Status}): the account's quota or credit is used up, or its plan lacks the model.";
        }

        if (_small is not null)
        {
            if (query.ChecksAnswer && OpenAiAnswers.IsSuspicious(Status, _small) && OpenAiAnswers.Fault(Status, _small) is { } small)
            {
                await WriteFaultAsync(context, query, small);
                return;
            }

            context.Response.ContentLength = _small.Length;
            await context.Response.Body.WriteAsync(_small, clock.Token);
            return;
        }

        try
        {
            // A hub that compresses in spite of everything, or answers with no events, is passed on as it is.
            var filter = query.DropsUsageChunk && response.Content.Headers is { ContentEncoding.Count: 0, ContentType.MediaType: EventStream } ? new UsageChunkFilter() : null;
            if (filter is not null)
                context.Response.ContentLength = null;
            var isChecked = query.ChecksAnswer && !response.Content.Headers.NonValidated.Contains("Content-Encoding");
            var fault = await AnswerCopy.BodyAsync(
                response, context.Response.Body, credential.Scrub, query.Usage, clock, filter: filter, checkedStatus: isChecked ? Status : null);
            if (fault is not null)
                await WriteFaultAsync(context, query, fault);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or OperationCanceledException && !clock.CallerLeft)
        {
            query.ErrorCode = clock.HubWasSilent ? "hub_timed_out" : "hub_broke_off";
            if (!context.Response.HasStarted)
            {
                context.Response.Clear();
                var refusal = HubRefusals.Of(failure, query.Choice!.Key, clock, mayHaveLeft: true);
                query.Trouble = refusal.Detail;
                await Platform.Problems.WriteAsync(context, refusal);
                return;
            }

            await EndBrokenAsync(context, query, clock);
        }
    }

    private ValueTask WriteFaultAsync(HttpContext context, Query query, HubFault fault)
    {
        var headers = context.Response.Headers;
        context.Response.ContentLength = null;
        headers.ContentEncoding = default;
        context.Response.ContentType = "application/json";
        if (credential.Text is { } secret)
            fault = fault with { Words = SecretScrub.Text(fault.Words, secret) };
        return TranslatedAnswer.WriteFaultAsync(context, query, fault, _isTerminal);
    }

    /// <summary>A stream of events that broke ends with an event that says so; any other answer is cut, so that half of it does not look whole.</summary>
    private static async ValueTask EndBrokenAsync(HttpContext context, Query query, HubClock clock)
    {
        var isStream = query.ChecksAnswer && context.Response.ContentLength is null
            && context.Response.ContentType?.StartsWith(EventStream, StringComparison.OrdinalIgnoreCase) == true;
        if (!isStream)
        {
            context.Abort();
            return;
        }

        var fault = clock.HubWasSilent ? HubFault.FellSilent() : HubFault.BrokenOff();
        query.Trouble = TranslatedAnswer.Sentence(query, fault);
        var end = new ArrayBufferWriter<byte>(512);
        end.Write("\n\n"u8);   // whatever event was begun is over
        fault.WriteEvent(end, query.Trouble);
        await context.Response.Body.WriteAsync(end.WrittenMemory, context.RequestAborted);
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        response.Dispose();
        credential.Dispose();
        line.Leave();
        if (turn.HasClaims)
            Settle();
        turn.Ended();
    }

    /// <summary>The estimate gives way to the hub's own count; it stays where the hub gives none. Refusals cost no tokens.</summary>
    private void Settle()
    {
        if (Status >= 400)
            turn.Settle(0, 0);
        else if (query.Usage is { } usage && (usage.PromptTokens ?? usage.CompletionTokens ?? usage.TotalTokens) is not null)
            turn.Settle(usage.PromptTokens ?? 0, usage.CompletionTokens ?? Math.Max(0, (usage.TotalTokens ?? 0) - (usage.PromptTokens ?? 0)));
    }
}
