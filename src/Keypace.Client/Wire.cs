using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>One request and its answer: everything that the nouns share.</summary>
internal sealed class Wire(HttpClient http, Uri server, string? token)
{
    /// <summary>Writes requests: what is absent is left out, so an older server never sees a member that it does not know.</summary>
    public static readonly KeypaceJson Sent = new(new JsonSerializerOptions(KeypaceJson.Default.Options)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    public Uri Server { get; } = server;

    public Task<TAnswer> GetAsync<TAnswer>(string path, JsonTypeInfo<TAnswer> answer, CancellationToken ct) =>
        SendAsync(new Call(HttpMethod.Get, path), answer, ct);

    public Task<TAnswer> SendAsync<TBody, TAnswer>(
        HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> sent, JsonTypeInfo<TAnswer> answer, CancellationToken ct) =>
        SendAsync(new Call(method, path, Json(body, sent), SecretsOf(body)), answer, ct);

    public async Task<TAnswer> SendAsync<TAnswer>(Call call, JsonTypeInfo<TAnswer> answer, CancellationToken ct)
    {
        using var patience = new Patience(call.Longest, ct);
        using var response = await OpenAsync(call, patience).ConfigureAwait(false);
        return await ReadAsync(response, answer, patience).ConfigureAwait(false);
    }

    /// <summary>The answer with its body still to come; a refusal is thrown.</summary>
    public async Task<HttpResponseMessage> OpenAsync(Call call, Patience patience)
    {
        var response = await ExchangeAsync(call, patience).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;

        using (response)
            throw await Failure.ReadAsync(response, Server, Hidden(call), patience.Token).ConfigureAwait(false);
    }

    public async Task<TAnswer> ReadAsync<TAnswer>(HttpResponseMessage response, JsonTypeInfo<TAnswer> answer, Patience patience)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(answer, patience.Token).ConfigureAwait(false)
                ?? throw Failure.Unreadable(response, Server, "null");
        }
        catch (JsonException)
        {
            // The parser's message quotes what it read; ours only says what kind it was.
            throw Failure.Unreadable(response, Server, response.Content.Headers.ContentType?.MediaType ?? "no content type");
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            throw Failure.BrokenOff(Server, broken);
        }
        catch (OperationCanceledException late) when (patience.IsOver)
        {
            throw Failure.TimedOut(Server, late);
        }
    }

    /// <summary>Status of a route outside <c>/v1</c> that needs no body, or null when no answer came.</summary>
    public async Task<int?> StatusAsync(string path, CancellationToken ct)
    {
        try
        {
            var call = new Call(HttpMethod.Get, path);
            using var patience = new Patience(call.Longest, ct);
            using var response = await ExchangeAsync(call, patience).ConfigureAwait(false);
            return (int)response.StatusCode;
        }
        catch (KeypaceException noAnswer) when (noAnswer.Status is null)
        {
            return null;
        }
    }

    /// <summary>Puts an id into a path as one segment.</summary>
    public static string Segment(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        var segment = Uri.EscapeDataString(id);
        return segment.Trim('.').Length > 0
            ? segment
            : throw new ArgumentException("An id cannot consist of dots.", nameof(id));   // "." and ".." would climb to another route
    }

    /// <summary>Joins what is there to a query string; nulls are left out.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, object? Value)> members)
    {
        var separator = '?';
        foreach (var (name, value) in members)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture);
            if (!string.IsNullOrEmpty(text))
            {
                path += $"{separator}{name}={Uri.EscapeDataString(text)}";
                separator = '&';
            }
        }

        return path;
    }

    private async Task<HttpResponseMessage> ExchangeAsync(Call call, Patience patience)
    {
        using var request = new HttpRequestMessage(call.Method, new Uri(Server, call.Path)) { Content = call.Body };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(call.Accept));
        foreach (var (name, value) in call.Headers)
            request.Headers.TryAddWithoutValidation(name, value);

        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);

        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
        }
        catch (HttpRequestException noAnswer)
        {
            throw Failure.Unreachable(Server, noAnswer);
        }
        catch (OperationCanceledException late) when (!patience.WasGivenUp)
        {
            throw Failure.TimedOut(Server, late);
        }
    }

    /// <summary>A body of known length: what is chunked is refused by some servers and proxies.</summary>
    private static ByteArrayContent Json<TBody>(TBody body, JsonTypeInfo<TBody> sent) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, sent)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private IEnumerable<string> Hidden(Call call) => token is null ? call.Secrets : call.Secrets.Append(token);

    /// <summary>What must not appear in an error even if something on the way echoes the request.</summary>
    private static IReadOnlyList<string> SecretsOf<TBody>(TBody body)
    {
        var (value, config) = body switch
        {
            NewApiKey key => (key.Value, key.HubConfig),
            ApiKeyChange change => (change.Value, change.HubConfig),
            ApiKeyTest test => (test.Value, test.HubConfig),
            NewAgent agent => (agent.ApiKey, agent.HubConfig),
            _ => (null, null),
        };
        var secrets = config is null
            ? []
            : config.Where(field => field.Key.Contains("key", StringComparison.Ordinal)
                || field.Key.Contains("secret", StringComparison.Ordinal)
                || field.Key.Contains("token", StringComparison.Ordinal)).Select(field => field.Value);
        return [.. secrets.Append(value).OfType<string>().Where(secret => secret.Length > 0)];
    }

    // Path: relative to the server, no slash in front. Secrets: what no message may repeat.
    internal sealed record Call(HttpMethod Method, string Path, HttpContent? Body, IReadOnlyList<string> Secrets)
    {
        // Longer than the 240 s that a server lets a test wait for its turn, so that its own answer arrives first.
        private static readonly TimeSpan s_answerTimeout = TimeSpan.FromSeconds(300);

        public Call(HttpMethod method, string path)
            : this(method, path, null, [])
        {
        }

        public string Accept { get; init; } = "application/json";

        public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

        /// <summary>The whole exchange, at most.</summary>
        public TimeSpan Longest { get; init; } = s_answerTimeout;
    }
}

/// <summary>How long one exchange may take, and whether the caller gave it up before.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _end;
    private readonly CancellationToken _caller;

    public Patience(TimeSpan longest, CancellationToken caller)
    {
        _caller = caller;
        _end = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _end.CancelAfter(longest);
    }

    public CancellationToken Token => _end.Token;

    public bool WasGivenUp => _caller.IsCancellationRequested;

    public bool IsOver => _end.IsCancellationRequested && !WasGivenUp;

    public void Dispose() => _end.Dispose();
}
