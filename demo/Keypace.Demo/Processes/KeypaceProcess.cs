using System.Net;

namespace Keypace.Demo;

/// <summary>
/// The built <c>keypace</c> as a child with a data folder, key-encryption key and token of its own, all inside one given folder.
/// </summary>
internal sealed class KeypaceProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(120);
    private readonly ChildProcess _child;

    private KeypaceProcess(ChildProcess child, Uri address)
    {
        _child = child;
        Address = address;
    }

    public Uri Address { get; }

    public int Id => _child.Id;

    public string Output => _child.Output;

    /// <summary>Makes store, key-encryption key, owner and an admin token in <paramref name="folder"/>.</summary>
    public static async Task InitAsync(KeypaceFolder folder, CancellationToken ct = default)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            Checkout.Executable,
            ["init", "--data", folder.Data, "--kek-file", folder.Kek, "--token-file", folder.TokenFile,
             "--owner-email", KeypaceFolder.OwnerEmail, "--password-file", folder.PasswordFile],
            folder.Environment,
            ct: ct);
        if (exitCode != 0)
            throw new InvalidOperationException($"'keypace init' ended with {exitCode}:\n{output}");
    }

    /// <summary>Starts <c>keypace serve</c> and returns once <c>/healthz</c> answers 200.</summary>
    /// <param name="port">0 takes a free one.</param>
    public static async Task<KeypaceProcess> ServeAsync(
        KeypaceFolder folder, IReadOnlyDictionary<string, string> settings, int port = 0, TimeProvider? time = null, CancellationToken ct = default)
    {
        var address = new Uri($"http://127.0.0.1:{(port == 0 ? LoopbackPort.Free() : port)}");
        var environment = new Dictionary<string, string>(folder.Environment);
        foreach (var (name, value) in settings)
            environment[name] = value;

        var child = ChildProcess.Start(
            Checkout.Executable,
            ["serve", "--data", folder.Data, "--kek-file", folder.Kek, "--urls", address.GetLeftPart(UriPartial.Authority)],
            environment);
        try
        {
            await WaitUntilReadyAsync(child, address, time ?? TimeProvider.System, ct);
            return new KeypaceProcess(child, address);
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGTERM, as a system's supervisor does it; the exit code.</summary>
    public Task<int> StopAsync()
    {
        _child.Terminate();
        return _child.WaitAsync();
    }

    /// <summary>SIGTERM without waiting for what is in flight.</summary>
    public void Terminate() => _child.Terminate();

    public Task<int> WaitAsync() => _child.WaitAsync();

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _child.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (!_child.HasExited)
        {
            _child.Terminate();
            try
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                await _child.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // Then the harder way, below.
            }
        }

        await _child.DisposeAsync();
    }

    private static async Task WaitUntilReadyAsync(ChildProcess child, Uri address, TimeProvider time, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = address };
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < ReadyWithin)
        {
            if (child.HasExited)
                throw new InvalidOperationException($"'keypace serve' ended with {await child.WaitAsync(ct)}:\n{child.Output}");

            try
            {
                using var answer = await client.GetAsync(new Uri("/healthz", UriKind.Relative), ct);
                if (answer.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time, ct);
        }

        throw new TimeoutException($"'keypace serve' was not ready within {ReadyWithin.TotalSeconds} s. It said:\n{child.Output}");
    }
}
