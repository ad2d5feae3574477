using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A Keypace with one key and one agent, so that <c>custom/model</c> can mean only one thing. For the SDKs.</summary>
public sealed class OneKeyKeypace : IAsyncLifetime
{
    private RunningKeypace? _keypace;
    private PretendHub? _hub;

    internal RunningKeypace Keypace => _keypace ?? throw new InvalidOperationException("Not started.");

    internal PretendHub Hub => _hub ?? throw new InvalidOperationException("Not started.");

    /// <summary>What a person puts into an SDK as its base URL.</summary>
    internal Uri BaseUrl => new(Keypace.Address, "/v1");

    public async ValueTask InitializeAsync()
    {
        _hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        _keypace = await RunningKeypace.StartAsync();
        var id = await _keypace.StoreKeyAsync(_hub, "main");
        (await _keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "helper", model_name = "pretend-small", hub = "custom", api_key_id = id })).MustBe(200);
    }

    public async ValueTask DisposeAsync()
    {
        if (_keypace is not null)
            await _keypace.DisposeAsync();

        if (_hub is not null)
            await _hub.DisposeAsync();
    }
}
