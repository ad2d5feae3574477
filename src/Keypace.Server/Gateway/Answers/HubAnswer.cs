using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Auth;
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

    public async ValueTask ReadSmallAsync(CancellationToken ct)
    {
        if (_small is not null)
            return;
        _small = await AnswerCopy.ReadSmallAsync(response, MostSmallBytes, ct);
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
            context.Response.Headers["x-should-retry"] = "false";
        if (_small is not null)
        {
            context.Response.ContentLength = _small.Length;
            await context.Response.Body.WriteAsync(_small, clock.Token);
            return;
        }

        try
        {
            await AnswerCopy.BodyAsync(response, context.Response.Body, credential.Scrub, query.Usage, clock);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or OperationCanceledException && !clock.CallerLeft)
        {
            query.ErrorCode = clock.HubWasSilent ? "hub_timed_out" : "hub_broke_off";
            if (!context.Response.HasStarted)
            {
                context.Response.Clear();
                await Platform.Problems.WriteAsync(context, HubRefusals.Of(failure, query.Choice!.Key, clock, mayHaveLeft: true));
                return;
            }

            context.Abort();
        }
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
