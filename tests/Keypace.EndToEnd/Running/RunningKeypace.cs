using System.Text;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The built program with its own folder and port. Disposing it leaves no process and no file.</summary>
public sealed class RunningKeypace : IAsyncDisposable
{
    /// <summary>Any loopback port, for the pretend hubs.</summary>
    private const string LoopbackOnly = "127.0.0.0/8";

    /// <summary>A limit that no test reaches.</summary>
    internal static readonly HubLimit Unpaced = new(1_000_000, 1);

    private readonly TemporaryFolder _temporary = TemporaryFolder.Create("keypace-e2e-");
    private readonly Dictionary<string, string> _settings;
    private readonly StringBuilder _earlierOutput = new();
    private KeypaceProcess? _process;

    private RunningKeypace(Dictionary<string, string> settings)
    {
        _settings = settings;
        Folder = new KeypaceFolder(_temporary);
    }

    internal KeypaceFolder Folder { get; }

    /// <summary>With the admin token that <c>init</c> wrote.</summary>
    internal Api Api { get; private set; } = null!;

    internal Uri Address => Process.Address;

    internal KeypaceProcess Process => _process ?? throw new InvalidOperationException("It does not run.");

    /// <summary>Everything printed since the first start.</summary>
    internal string Output => _earlierOutput + (_process?.Output ?? "");

    internal static async Task<RunningKeypace> StartAsync(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string> { ["KEYPACE_EGRESS__ALLOW"] = LoopbackOnly };
        foreach (var (name, value) in settings)
            all[name] = value;

        var keypace = new RunningKeypace(all);
        try
        {
            await KeypaceProcess.InitAsync(keypace.Folder);
            await keypace.ServeAsync();
            return keypace;
        }
        catch
        {
            await keypace.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it (again) on its folder; on the port it had before, so that callers find it.</summary>
    internal async Task ServeAsync(params (string Name, string Value)[] settings)
    {
        var port = Api is null ? 0 : Address.Port;
        if (_process is not null)
        {
            _earlierOutput.Append(_process.Output);
            await _process.DisposeAsync();
            _process = null;
        }

        var all = new Dictionary<string, string>(_settings);
        foreach (var (name, value) in settings)
            all[name] = value;

        _process = await KeypaceProcess.ServeAsync(Folder, all, port);
        Api ??= new Api(Address, Folder.Token);
    }

    /// <summary>Stores a key for a pretend hub.</summary>
    /// <returns>Its id.</returns>
    internal Task<string> StoreKeyAsync(PretendHub hub, string name, HubLimit? limit = null, string? secret = null) =>
        StoreKeyAsync(hub.Address, secret ?? hub.Options.RequiredKey ?? Secrets.New(), name, limit);

    /// <summary>Stores a key for a hub at another address than its own.</summary>
    internal async Task<string> StoreKeyAsync(string address, string secret, string name, HubLimit? limit)
    {
        var stored = await Api.PostAsync("/v1/api-keys", new
        {
            name,
            hub = "custom",
            value = secret,
            url = $"{address}/v1",
            rate_limit_per_interval = (limit ?? Unpaced).Requests,
            rate_limit_interval = (limit ?? Unpaced).Seconds,
        });
        return stored.MustBe(200)["id"].GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();

        _temporary.Dispose();
    }
}
