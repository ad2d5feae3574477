using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Keypace.EndToEnd;

/// <summary>Plain HTTP against one Keypace with one token, sending exactly the JSON that a test writes.</summary>
internal sealed class Api : IDisposable
{
    private readonly HttpClient _client;

    public Api(Uri address, string? token, int connections = 256)
    {
        _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = connections, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromMinutes(5),
        };
        if (token is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, object? body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, body, headers);

    /// <summary>For an answer that is cut behind what came of it, or refused whole.</summary>
    public async Task<Answer> PostForWhatComesAsync(string path, object body, params (string Name, string Value)[] headers)
    {
        using var response = await OpenAsync(HttpMethod.Post, path, body, headers, HttpCompletionOption.ResponseHeadersRead, default);
        return await Answer.ReadWhatComesAsync(response);
    }

    /// <summary>For an answer that is cut behind what came of it.</summary>
    public async Task<Answer> PostUntilCutAsync(string path, object body)
    {
        using var response = await OpenAsync(HttpMethod.Post, path, body, [], HttpCompletionOption.ResponseHeadersRead, default);
        return await Answer.ReadUntilCutAsync(response);
    }

    public Task<Answer> PutAsync(string path, object? body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, path, body, headers);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null, []);

    /// <summary>A chat query through one key, tagged with the caller for the hub's log.</summary>
    public Task<Answer> ChatAsync(string apiKey, string? caller = null, params (string Name, string Value)[] headers) =>
        PostAsync(
            "/v1/chat/completions",
            Chat("pretend-large", caller),
            [("x-keypace-key", Uri.EscapeDataString(apiKey)), .. caller is null ? [] : new[] { ("x-keypace-caller", caller) }, .. headers]);

    public static object Chat(string model, string? caller = null, bool stream = false) => new
    {
        model,
        user = caller ?? "test",
        stream,
        messages = new[] { new { role = "user", content = "Say hello." } },
    };

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body, IEnumerable<(string Name, string Value)> headers)
    {
        using var response = await OpenAsync(method, path, body, headers, HttpCompletionOption.ResponseContentRead, default);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Returns as soon as the head of the answer is there.</summary>
    public Task<HttpResponseMessage> OpenAsync(
        string path, object body, string apiKey, CancellationToken ct, params (string Name, string Value)[] headers) =>
        OpenAsync(HttpMethod.Post, path, body, [("x-keypace-key", Uri.EscapeDataString(apiKey)), .. headers], HttpCompletionOption.ResponseHeadersRead, ct);

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, object? body, IEnumerable<(string Name, string Value)> headers, HttpCompletionOption until, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, new Uri(_client.BaseAddress!, path));
        if (body is not null)
        {
            var text = body as string ?? JsonSerializer.Serialize(body);
            request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        return await _client.SendAsync(request, until, ct);
    }
}
