using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Vault;
using Keypace.Server;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Platform;
using Keypace.Tests.Server.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Features;

/// <summary>The whole server in this process, on a real store in a folder of its own and a clock that tests move by hand.</summary>
public sealed class FeatureHost : IAsyncLifetime
{
    public const string OwnerEmail = "owner@example.test";

    private readonly ListeningLine _output = new();
    private readonly StringWriter _errors = new();
    private readonly ConcurrentBag<string> _answers = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private Task<int> _server = Task.FromResult(0);
    private CancellationTokenSource _run = new();
    private Uri _address = new("http://127.0.0.1");
    private static int s_count;

    public string Folder { get; } = Directory.CreateTempSubdirectory("keypace-features-").FullName;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public string Token { get; private set; } = "";

    public Uri Address => _address;

    public PretendHub Hub { get; } = new();

    /// <summary>Environment variables of the server besides those that let it reach the pretend hub.</summary>
    internal IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Every body that the server answered with, for searches.</summary>
    public IReadOnlyCollection<string> Answers => _answers;

    public string Errors => _errors.ToString();

    public async ValueTask InitializeAsync()
    {
        await Hub.StartAsync();
        var (password, token) = (Path.Combine(Folder, "password"), Path.Combine(Folder, "token"));
        await File.WriteAllTextAsync(password, "a long enough test password");
        var around = Around();
        var initialised = await Initialisation.RunAsync(
            new InitOptions(Path.Combine(Folder, "data"), Path.Combine(Folder, "kek"), OwnerEmail, password, token), around, CancellationToken.None);
        Assert.True(initialised == 0, _errors.ToString());
        Token = (await File.ReadAllTextAsync(token)).Trim();
        await ServeAsync();
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await ServeAsync();
    }

    public Task<Answer> GetAsync(string path, string? token = null) => SendAsync(HttpMethod.Get, path, null, token);

    public Task<Answer> PostAsync(string path, object? body = null, string? token = null) => SendAsync(HttpMethod.Post, path, body, token);

    public Task<Answer> PutAsync(string path, object? body = null, string? token = null) => SendAsync(HttpMethod.Put, path, body, token);

    public Task<Answer> DeleteAsync(string path, string? token = null) => SendAsync(HttpMethod.Delete, path, null, token);

    /// <param name="body">Text goes as it is, anything else as JSON.</param>
    /// <param name="token">Null for the owner's, empty for none.</param>
    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body, string? token, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(_address, path));
        if ((token ?? Token) is { Length: > 0 } bearer)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {bearer}");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        _answers.Add(text);
        return new Answer(response.StatusCode, text, response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>A token with these fields; gives its text.</summary>
    public async Task<string> NewTokenAsync(object fields) => (await PostAsync("/v1/access-tokens", fields)).MustBe(200)["token"].GetString()!;

    /// <summary>A name that no other test has.</summary>
    public static string Unique(string name) => $"{name} {Interlocked.Increment(ref s_count)}";

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Hub.DisposeAsync();
        _http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private Surroundings Around() => new(
        _output, _errors, new Dictionary<string, string>(Settings) { ["KEYPACE_EGRESS__ALLOW"] = "127.0.0.1" }, Time, SecureRandom.Fill, IsTerminal: false) { Passwords = TestFolder.Quick };

    private async Task ServeAsync()
    {
        _run = new CancellationTokenSource();
        _output.Reset();
        var options = new ServeOptions(Path.Combine(Folder, "data"), Path.Combine(Folder, "kek"), ["http://127.0.0.1:0"], new Dictionary<string, string>());
        _server = KeypaceServer.RunAsync(options, Around(), _run.Token);
        if (await Task.WhenAny(_output.Address, _server) == _server)
            throw new InvalidOperationException($"The server ended with {await _server}: {_errors}");
        _address = new Uri(await _output.Address);
    }

    private async Task StopAsync()
    {
        await _run.CancelAsync();
        await _server;
    }

    /// <summary>Watches the server's output for the line that says where it listens.</summary>
    private sealed class ListeningLine : StringWriter
    {
        private TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Address => _address.Task;

        public void Reset() => _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Task WriteLineAsync(string? value)
        {
            const string before = "Keypace listens on ";
            if (value is not null && value.StartsWith(before, StringComparison.Ordinal))
                _address.TrySetResult(value[before.Length..]);
            return base.WriteLineAsync(value);
        }
    }
}

/// <summary>One answer of the server.</summary>
public sealed record Answer(HttpStatusCode Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Text);

    public JsonElement this[string name] => Json.GetProperty(name);

    public Answer MustBe(int status)
    {
        Assert.True((int)Status == status, $"{(int)Status} instead of {status}: {Text}");
        return this;
    }

    /// <summary>An error in the management's shape, with this code.</summary>
    public Answer MustRefuse(int status, string? code = null)
    {
        MustBe(status);
        Assert.True(this["detail"].ValueKind is JsonValueKind.String or JsonValueKind.Array, Text);
        Assert.NotEmpty(this["request_id"].GetString()!);
        Assert.Equal(this["code"].GetString(), Headers["x-keypace-error"]);
        if (code is not null)
            Assert.Equal(code, this["code"].GetString());
        return this;
    }
}

[CollectionDefinition(Name)]
public sealed class SharedFeatureHost : ICollectionFixture<FeatureHost>
{
    public const string Name = "features";
}
