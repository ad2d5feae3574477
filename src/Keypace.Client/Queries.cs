using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>Questions to a model: <c>/v1/chat/completions</c> and its neighbours. Each waits for its turn at the key's limit, in a fair queue.</summary>
/// <remarks>
/// A query may take up to 15 minutes: 240 s for its turn and 600 s for the hub's first byte. Nothing is sent twice by itself;
/// <see cref="KeypaceException.RetryAfter"/> and <see cref="KeypaceException.ShouldRetry"/> say whether to ask again, and when.
/// </remarks>
public sealed class Queries
{
    private const string Chat = "v1/chat/completions";
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(15);
    private readonly Wire _wire;

    internal Queries(Wire wire) => _wire = wire;

    /// <summary>Asks, and returns the whole answer.</summary>
    /// <exception cref="KeypaceException">404: no such agent, model or key. 409: the agent has no key that works. 429: its turn would come too late. 502: the hub failed.</exception>
    /// <exception cref="ArgumentException">The query names neither an agent nor a model, or both.</exception>
    public async Task<QueryAnswer> AskAsync(Query query, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var raw = await SendAsync(Chat, query.Body(stream: false), query.Routing, ct).ConfigureAwait(false);
        return Read(raw);
    }

    /// <summary>Asks a question of an agent, and returns the whole answer.</summary>
    /// <param name="prompt">What is asked.</param>
    /// <param name="agent">Name or id of the agent.</param>
    /// <param name="ct">Gives the query up; a query that still waits for its turn is then not sent.</param>
    /// <inheritdoc cref="AskAsync(Query, CancellationToken)"/>
    public Task<QueryAnswer> AskAsync(string prompt, string agent, CancellationToken ct = default) => AskAsync(new Query(prompt) { Agent = agent }, ct);

    /// <summary>Asks, and gives the answer's text piece by piece as the model writes it.</summary>
    /// <exception cref="KeypaceException">As for <see cref="AskAsync(Query, CancellationToken)"/>; also in the middle, when the answer breaks off.</exception>
    public async IAsyncEnumerable<string> StreamAsync(Query query, [EnumeratorCancellation] CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var call = Call(Chat, query.Body(stream: true), query.Routing) with { Accept = "text/event-stream" };
        using var patience = new Patience(s_longest, ct);
        using var response = await _wire.OpenAsync(call, patience).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
        {
            // A hub that does not stream answers in one piece.
            var body = await _wire.ReadAsync(response, KeypaceJson.Default.JsonElement, patience).ConfigureAwait(false);
            yield return Read(new RawAnswer((int)response.StatusCode, body, Delivery(response))).Text;
            yield break;
        }

        var stream = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var events = SseParser.Create(new EventBytes(stream)).EnumerateAsync(patience.Token).GetAsyncEnumerator(patience.Token);
            await using (events.ConfigureAwait(false))
            {
                var isEnded = false;
                while (await NextAsync(events, patience).ConfigureAwait(false))
                {
                    var data = events.Current.Data.Trim();
                    if (data.Length == 0)
                        continue;

                    if (data is "[DONE]")
                        yield break;

                    var (text, finished) = Piece(response, data);
                    isEnded |= finished;
                    if (text.Length > 0)
                        yield return text;
                }

                if (!isEnded)
                    throw Failure.BrokenOff(_wire.Server, new IOException("The stream ended before the answer did."));
            }
        }
    }

    /// <summary>Sends a body of your own to one of the OpenAI-compatible routes, without streaming.</summary>
    /// <param name="path"><c>v1/chat/completions</c>, <c>v1/completions</c>, <c>v1/embeddings</c> or <c>v1/responses</c>.</param>
    /// <param name="json">The body, UTF-8. Its <c>model</c> is <c>agent/NAME</c> or <c>HUB/MODEL</c>, or with <see cref="QueryRouting.ApiKey"/> the hub's own.</param>
    /// <param name="routing">What Keypace itself has to know; null for nothing.</param>
    /// <param name="ct">Gives the query up; a query that still waits for its turn is then not sent.</param>
    /// <inheritdoc cref="AskAsync(Query, CancellationToken)" path="/exception"/>
    public async Task<RawAnswer> SendAsync(string path, ReadOnlyMemory<byte> json, QueryRouting? routing = null, CancellationToken ct = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var patience = new Patience(s_longest, ct);
        using var response = await _wire.OpenAsync(Call(path.TrimStart('/'), json, routing ?? new QueryRouting()), patience).ConfigureAwait(false);
        var body = await _wire.ReadAsync(response, KeypaceJson.Default.JsonElement, patience).ConfigureAwait(false);
        return new RawAnswer((int)response.StatusCode, body, Delivery(response));
    }

    private static Wire.Call Call(string path, ReadOnlyMemory<byte> json, QueryRouting routing)
    {
        var content = new ReadOnlyMemoryContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return new Wire.Call(HttpMethod.Post, path, content, []) { Headers = routing.Headers(), Longest = s_longest };
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events, Patience patience)
    {
        try
        {
            return await events.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw Failure.BrokenOff(_wire.Server, broken);
        }
        catch (OperationCanceledException late) when (patience.IsOver)
        {
            throw Failure.TimedOut(_wire.Server, late);
        }
    }

    private (string Text, bool IsEnd) Piece(HttpResponseMessage response, string data)
    {
        JsonDocument piece;
        try
        {
            piece = JsonDocument.Parse(data);
        }
        catch (JsonException)
        {
            throw Failure.Unreadable(response, _wire.Server, "an event that is not JSON");
        }

        using (piece)
        {
            if (piece.RootElement.ValueKind == JsonValueKind.Object && piece.RootElement.TryGetProperty("error", out var error) && error.ValueKind is not JsonValueKind.Null)
                throw Failure.InStream(_wire.Server, ErrorBody.Read(data), Failure.Header(response, "x-request-id"));

            return FirstChoice(piece.RootElement) is { } choice
                ? (Member(choice, "delta") is { } delta ? Content(delta) ?? "" : "", Text(choice, "finish_reason") is not null)
                : ("", false);
        }
    }

    private QueryAnswer Read(RawAnswer raw)
    {
        if (FirstChoice(raw.Body) is not { } choice)
        {
            throw new KeypaceException(raw.Status, KeypaceException.UnreadableAnswer, $"What came through {_wire.Server} is no chat answer: it has no \"choices\".")
            {
                RequestId = raw.Delivery.RequestId,
            };
        }

        var text = Member(choice, "message") is { } message ? Content(message) ?? Text(message, "refusal") ?? "" : "";
        var usage = Member(raw.Body, "usage");
        return new QueryAnswer(
            text, Text(choice, "finish_reason"), Text(raw.Body, "model"), Number(usage, "prompt_tokens"), Number(usage, "completion_tokens"), raw.Body, raw.Delivery);
    }

    private static QueryDelivery Delivery(HttpResponseMessage response) => new(
        Failure.Header(response, "x-keypace-key") is { } key ? Uri.UnescapeDataString(key) : null,
        TimeSpan.FromMilliseconds(double.TryParse(Failure.Header(response, "x-keypace-waited-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out var ms) ? ms : 0),
        Failure.Header(response, "x-request-id"));

    private static JsonElement? FirstChoice(JsonElement body) =>
        Member(body, "choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0 ? choices[0] : null;

    private static JsonElement? Member(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.Object or JsonValueKind.Array
            ? member
            : null;

    /// <summary>A message's text: a string, or a list of parts of which those with a text count (Mistral's, and answers with citations).</summary>
    private static string? Content(JsonElement message) =>
        Member(message, "content") is { ValueKind: JsonValueKind.Array } parts
            ? string.Concat(parts.EnumerateArray().Select(part => Text(part, "text")))
            : Text(message, "content");

    private static string? Text(JsonElement holder, string name) => JsonText.Of(holder, name);

    private static long? Number(JsonElement? holder, string name) =>
        holder is { } there && there.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number) ? number : null;
}
