using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Samples;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Playground;

/// <summary>
/// A conversation with an agent, or with a key and a model. The browser asks the gateway itself, as any caller does; this side chooses whom to ask
/// and writes the same call as code.
/// </summary>
public sealed partial class PlaygroundPage : IAsyncDisposable
{
    private readonly string _formId = FieldIds.Next();
    private readonly string _messageId = FieldIds.Next();
    private readonly string _agentId = FieldIds.Next();
    private readonly string _keyId = FieldIds.Next();
    private readonly string _modelsId = FieldIds.Next();
    private readonly string _temperatureId = FieldIds.Next();
    private readonly string _mostId = FieldIds.Next();
    private readonly string _waitId = FieldIds.Next();
    private readonly Dictionary<string, IReadOnlyList<string>> _listed = [];
    private readonly string?[] _options = new string?[3];
    private ElementReference _root;
    private DotNetObjectReference<PlaygroundPage>? _self;
    private IJSObjectReference? _script;
    private IJSObjectReference? _conversation;
    private IReadOnlyList<ApiKey> _keys = [];
    private IReadOnlyList<Agent> _agents = [];
    private IReadOnlyList<CodeSample> _samples = [];
    private Agent? _agent;
    private ApiKey? _key;
    private Refusal? _refusal;
    private string? _model = "";
    private string _message = "Say hello.";
    private string _initials = "";
    private string _caller = "playground";
    private bool _isByAgent = true;

    [Inject] private ApiKeyOperations Keys { get; set; } = null!;

    [Inject] private ApiKeyTesting Testing { get; set; } = null!;

    [Inject] private AgentOperations Agents { get; set; } = null!;

    [Inject] private HubCatalogue Hubs { get; set; } = null!;

    [Inject] private WebAssets Files { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "agent")] private string? AgentQuery { get; set; }

    [SupplyParameterFromQuery(Name = "key")] private string? KeyQuery { get; set; }

    /// <summary>The key that pays for the next message; null while nothing can be asked.</summary>
    private ApiKey? Key => _isByAgent ? _keys.FirstOrDefault(key => key.Id == _agent?.ApiKeyId) : _key;

    /// <summary>What answers, beside the chosen name.</summary>
    private string Through => Key is null ? "" : _isByAgent ? $"{Key.Name} · {_agent!.ModelName}" : Key.Hub;

    private string Title => (_isByAgent ? _agent?.AgentName : _model is { Length: > 0 } ? _model : _key?.Name) ?? "";

    /// <summary>Those that the hub is known for, else those that it lists for this key.</summary>
    private IReadOnlyList<string> Models => _key is null ? [] : Hubs.TryGet(_key.Hub, out var hub) && hub.Models.Count > 0 ? hub.Models : _listed.GetValueOrDefault(_key.Id, []);

    private string? WhyNot => _isByAgent && _agent is null ? "Add an agent, or ask by key and model."
        : Key is null ? "The agent's key is gone. Give it another."
        : Key.Status == KeyStatuses.Disabled ? $"{Key.Name} is disabled." : null;

    protected override async Task LoadAsync()
    {
        var keys = await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var agents = await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        if (!keys.TryGet(out var stored, out _refusal) || !agents.TryGet(out var found, out _refusal))
            return;
        _keys = [.. stored.OrderBy(key => key.Name, StringComparer.OrdinalIgnoreCase)];
        _agents = [.. found.Results.Where(agent => agent is { Status: AgentStatuses.Active, HasApiKey: true }).OrderBy(agent => agent.AgentName, StringComparer.OrdinalIgnoreCase)];
        if (!IsLoaded)
        {
            _isByAgent = KeyQuery is null && _agents.Count > 0;
            var email = (await Me.SessionAsync())?.Email ?? "";
            _initials = email.Length < 2 ? email : email[..2].ToUpperInvariant();
            // A header's value: what is not plain stays out of it.
            _caller = "playground " + new string([.. email.Where(letter => letter is > ' ' and < '\x7f')]);
        }

        _agent = _agents.FirstOrDefault(agent => agent.Id == (_agent?.Id ?? AgentQuery)) ?? (_agents.Count > 0 ? _agents[0] : null);
        ChooseKey(_key?.Id ?? KeyQuery);
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_conversation is not null || !IsLoaded || _refusal is not null || _keys.Count == 0 || _self is not null)
            return;
        _self = DotNetObjectReference.Create(this);
        _script = await Js.InvokeAsync<IJSObjectReference>("import", Files.Url("assets/playground.js"));
        _conversation = await _script.InvokeAsync<IJSObjectReference>("start", _root, _self);
    }

    /// <summary>Called by the script with each message: the code beside it becomes the same call.</summary>
    [JSInvokable]
    public Task SentAsync(string message)
    {
        _message = message;
        Sample();
        StateHasChanged();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Dispose();
        _self?.Dispose();
        try
        {
            if (_conversation is not null)
                await _conversation.InvokeVoidAsync("stop");
            if (_script is not null)
                await _script.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone, and its script with it.
        }
    }

    private void ChooseBy(bool isByAgent)
    {
        _isByAgent = isByAgent;
        ChooseKey(_key?.Id);
    }

    private void ChooseAgent(string? id)
    {
        _agent = _agents.FirstOrDefault(agent => agent.Id == id);
        Sample();
    }

    private void ChooseKey(string? id)
    {
        var before = _key;
        _key = _keys.FirstOrDefault(key => key.Id == id) ?? (_keys.Count > 0 ? _keys[0] : null);
        if (before?.Id != _key?.Id && (before?.Hub != _key?.Hub || Models.Count == 0 || !Models.Contains(_model)))
            _model = Models.Count > 0 ? Models[0] : "";
        Sample();
        if (_key is { } key && ModelListing.MayAsk(key) && Models.Count == 0 && !_isByAgent && _listed.TryAdd(key.Id, []))
            _ = InvokeAsync(() => ListModelsAsync(key));
    }

    private async Task ListModelsAsync(ApiKey key)
    {
        if (!(await Me.AskAsync(caller => Testing.ModelsAsync(key.Id, caller, CancellationToken.None))).TryGet(out var models, out _) || models.Models is not { Count: > 0 } list)
            return;
        _listed[key.Id] = list;
        if (_key?.Id == key.Id && string.IsNullOrEmpty(_model))
            _model = list[0];
        Sample();
        StateHasChanged();
    }

    private void SetOption(int index, string? value)
    {
        _options[index] = value;
        Sample();
    }

    private void Sample()
    {
        var call = new SampleCall(
            _isByAgent ? "agent/" + (_agent?.AgentName ?? "NAME") : _model ?? "", _message, _isByAgent ? null : _key?.Name,
            double.TryParse(_options[0], CultureInfo.InvariantCulture, out var temperature) ? temperature : null,
            int.TryParse(_options[1], CultureInfo.InvariantCulture, out var most) ? most : null,
            int.TryParse(_options[2], CultureInfo.InvariantCulture, out var wait) ? wait : null,
            Stream: true);
        _samples = CallSamples.Of(Navigation.BaseUri, call);
    }
}
