using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Keypace.Demo;

/// <summary>One of the people who share a key: so many queries over so many connections, as fast as it is let.</summary>
internal sealed class DemoCaller(string name, int queries, int connections) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = connections })
    {
        Timeout = TimeSpan.FromMinutes(5),
    };

    private int _taken;
    private int _answered;
    private int _refused;
    private int _failed;
    private string? _firstFailure;

    public string Name => name;

    public int Queries { get; } = queries;

    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Answers with 429.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Any other end than a 200.</summary>
    public int Failed => Volatile.Read(ref _failed);

    public string? FirstFailure => _firstFailure;

    public async Task SendAllAsync(Uri keypace, string token, string apiKeyName, CancellationToken ct)
    {
        _client.BaseAddress = keypace;
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _client.DefaultRequestHeaders.Add("x-keypace-key", apiKeyName);
        _client.DefaultRequestHeaders.Add("x-keypace-caller", name);
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => WorkAsync(ct)));
    }

    public void Dispose() => _client.Dispose();

    private async Task WorkAsync(CancellationToken ct)
    {
        while (Interlocked.Increment(ref _taken) <= Queries)
        {
            // The body's "user" is the tag by which the hub's log tells the callers apart: our own headers never reach a hub.
            using var body = new StringContent(
                $$"""{"model":"pretend-large","user":"{{name}}","messages":[{"role":"user","content":"Say hello."}]}""",
                Encoding.UTF8,
                "application/json");
            try
            {
                using var answer = await _client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body, ct);
                var text = await answer.Content.ReadAsStringAsync(ct);
                Count(answer.StatusCode, text);
            }
            catch (HttpRequestException exception)
            {
                Interlocked.Increment(ref _failed);
                Interlocked.CompareExchange(ref _firstFailure, exception.Message, null);
            }
        }
    }

    private void Count(HttpStatusCode status, string text)
    {
        switch (status)
        {
            case HttpStatusCode.OK:
                Interlocked.Increment(ref _answered);
                break;
            case HttpStatusCode.TooManyRequests:
                Interlocked.Increment(ref _refused);
                break;
            default:
                Interlocked.Increment(ref _failed);
                Interlocked.CompareExchange(ref _firstFailure, $"{(int)status}: {text}", null);
                break;
        }
    }
}
