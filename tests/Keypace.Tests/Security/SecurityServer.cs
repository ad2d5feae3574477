using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Security;

/// <summary>A server in real time whose hubs may be on loopback, with its admin's token.</summary>
internal sealed class SecurityServer : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public string Token { get; private set; } = "";

    public Uri Address => _server.Address;

    /// <summary>Everything that it logged.</summary>
    public string Log => _folder.Errors.ToString();

    public static async Task<SecurityServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var server = new SecurityServer();
        await server._folder.InitAsync(server._folder.OwnerOptions);
        server._folder.Variables["KEYPACE_EGRESS__ALLOW"] = "127.0.0.0/8";
        foreach (var (name, value) in settings)
            server._folder.Variables[name] = value;
        server._server = await RunningServer.StartAsync(server._folder, time: TimeProvider.System);
        server.Token = (await File.ReadAllTextAsync(server._folder.In("token"), Ct)).Trim();
        return server;
    }

    /// <param name="body">JSON as text, or something to serialise; null for none.</param>
    public async Task<(int Status, string Text, HttpResponseHeaders Headers)> SendAsync(
        HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await _server.Http.SendAsync(request, Ct);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct), answer.Headers);
    }

    /// <returns>Its id.</returns>
    public async Task<string> StoreKeyAsync(string name, string address, string secret)
    {
        var (status, text, _) = await SendAsync(HttpMethod.Post, "/v1/api-keys", new
        {
            name, hub = "custom", value = secret, url = address + "/v1", rate_limit_per_interval = 1_000_000, rate_limit_interval = 1,
        });
        Assert.True(status == 200, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }

    public Task<(int Status, string Text, HttpResponseHeaders Headers)> ChatAsync(string key, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"hi"}]}""", [("x-keypace-key", key), .. headers]);

    /// <summary>Sends bytes, and gives the text of what came until the server closed, a second answer came, or a second passed without any.</summary>
    public async Task<(string Text, bool IsClosed)> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Ct);
        var text = new StringBuilder();
        var piece = new byte[16 * 1024];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            for (int read; (read = await stream.ReadAsync(piece, patience.Token)) > 0;)
            {
                text.Append(Encoding.Latin1.GetString(piece, 0, read));
                if (text.ToString().Split("HTTP/1.1 ").Length > 2)
                    return (text.ToString(), false);
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
        catch (OperationCanceledException) when (!Ct.IsCancellationRequested)
        {
            return (text.ToString(), false);
        }

        return (text.ToString(), true);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }
}
