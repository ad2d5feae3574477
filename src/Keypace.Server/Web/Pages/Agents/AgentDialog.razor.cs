using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Notes;
using Keypace.Server.Web.Pages.Keys;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Agents;

/// <summary>Makes an agent, with a stored key or with a new one in the same request, or changes one. A new key's secret goes from the browser to the route itself.</summary>
public sealed partial class AgentDialog
{
    private const string NewAgentsDraft = "add-agent";
    private const string ChangesDraft = "edit-agent";

    private readonly string _wayId = FieldIds.Next();
    private readonly string _hubId = FieldIds.Next();
    private readonly string _keyId = FieldIds.Next();
    private readonly string _limitId = FieldIds.Next();
    private readonly string _modelsId = FieldIds.Next();
    private Dialog? _dialog;
    private ElementReference _form;
    private Agent? _agent;
    private Agent? _theirs;
    private AgentForm _before = new();
    private AgentForm _model = new();
    private IReadOnlyList<ApiKey> _keys = [];
    private HubProfile? _hub;
    private HubAccess? _way;
    private FormErrors _errors = new();
    private ApiKeyTestResult? _result;
    private bool _isNewKey;
    private bool _isTesting;
    private bool _isSaving;
    private OthersChange? _theirChange;
    private bool _wasTest;
    private bool _wantsErrorFocus;

    [Inject] internal HubCatalogue Hubs { get; set; } = null!;

    [Inject] internal Features.Audit.AuditOperations Audit { get; set; } = null!;

    [Inject] internal ApiKeyOperations Keys { get; set; } = null!;

    [Inject] internal AgentOperations Agents { get; set; } = null!;

    [Inject] internal Me Me { get; set; } = null!;

    [Inject] internal Toasts Toasts { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    /// <summary>After an agent was made or changed.</summary>
    [Parameter] public EventCallback<Agent> Saved { get; set; }

    private string DraftName => _agent is null ? NewAgentsDraft : ChangesDraft;

    /// <summary>True where a new key must say where its queries go.</summary>
    private bool NeedsUrl => _isNewKey && _way is { BaseUrl: null };

    /// <summary>Models that the key's own test listed, else those that the hub is known for.</summary>
    private IReadOnlyList<string> Models => _result?.Models ?? _hub?.Models ?? [];

    public Task AddAsync() => AddAsync(null);

    private async Task AddAsync(IReadOnlyDictionary<string, string>? draft)
    {
        await ReadKeysAsync();
        Open(null, draft is null ? new AgentForm() : AgentForm.OfDraft(draft, new AgentForm()));
        _isNewKey = _model.Hub.Length > 0 || _keys.Count == 0;
        ChooseHub(_model.Hub.Length > 0 && Hubs.TryGet(_model.Hub, out _) ? _model.Hub : HubChoices.InOrder(Hubs)[0].Name);
        ChooseSource(_isNewKey);
        StateHasChanged();
    }

    public async Task EditAsync(Agent agent)
    {
        ArgumentNullException.ThrowIfNull(agent);
        await EditAsync(agent, AgentForm.Of(agent));
    }

    private async Task EditAsync(Agent agent, AgentForm model)
    {
        await ReadKeysAsync();
        Open(agent, model);
        StateHasChanged();
    }

    private async Task RestoreAsync()
    {
        if (await Drafts.LoadAsync(Js, NewAgentsDraft) is { } added)
            await AddAsync(added);
        else if (await Drafts.LoadAsync(Js, ChangesDraft) is { } changed && Drafts.RecordOf<Agent>(changed) is { } agent)
            await EditAsync(agent, AgentForm.OfDraft(changed, AgentForm.Of(agent)));
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
            await RestoreAsync();
        if (!_wantsErrorFocus)
            return;
        _wantsErrorFocus = false;
        await Js.InvokeVoidAsync("keypace.focusError", _form);
    }

    private void Open(Agent? agent, AgentForm model)
    {
        (_agent, _theirs, _model, _errors, _result, _isNewKey, _isTesting, _isSaving) = (agent, null, model, new FormErrors(), null, false, false, false);
        _before = agent is null ? new AgentForm() : AgentForm.Of(agent);
        _hub = Hubs.TryGet(model.Hub, out var hub) ? hub : null;
        _dialog?.Open();
    }

    private async Task ReadKeysAsync()
    {
        if ((await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var keys, out _))
            _keys = [.. keys.OrderBy(key => key.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private void ChooseSource(bool isNewKey)
    {
        (_isNewKey, _errors, _result) = (isNewKey, new FormErrors(), null);
        if (isNewKey)
            ChooseHub(_model.Hub);
        else
            ChooseKey(_model.KeyId);
    }

    private void ChooseHub(string? name)
    {
        if (name is null || !Hubs.TryGet(name, out var hub))
            return;
        (_hub, _way, _model.Hub, _result, _errors) = (hub, HubChoices.WayOf(hub, _model.Config), name, null, new FormErrors());
    }

    private void ChooseWay(string? index)
    {
        if (_hub is not null && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var way))
            (_way, _result, _errors) = (_hub.Ways.ElementAtOrDefault(way) ?? _hub.Access, null, new FormErrors());
    }

    private void ChooseKey(string? id)
    {
        _model.KeyId = id ?? "";
        if (_keys.FirstOrDefault(key => key.Id == _model.KeyId) is { } key && Hubs.TryGet(key.Hub, out var hub))
            _hub = hub;
    }

    private void TakeLimit((int Count, int Seconds) limit) =>
        _model.Requests = Math.Max(1, limit.Count * 60L / Math.Max(1, limit.Seconds)).ToString(CultureInfo.InvariantCulture);

    private async Task TestAsync()
    {
        (_isTesting, _wasTest, _result) = (true, true, null);
        StateHasChanged();
        var answer = await Js.InvokeAsync<WireAnswer>("keypace.send", _form, "POST", "/v1/api-keys/test",
            new { only = TestedFields, rename = new { api_key = "value", agent_url = "url" }, extra = new { hub = _model.Hub } });
        _errors = answer.IsGood ? new FormErrors() : FormErrors.Of(answer, ShownFields());
        _result = answer.IsGood ? answer.Read<ApiKeyTestResult>() : null;
        _wantsErrorFocus = _errors.Count > 0;
        _isTesting = false;
    }

    private async Task SaveAsync()
    {
        if (_isSaving)
            return;
        (_isSaving, _wasTest) = (true, false);
        await (_agent is null ? MakeAsync() : ChangeAsync(_agent));
        _isSaving = false;
    }

    private async Task MakeAsync()
    {
        var answer = await Js.InvokeAsync<WireAnswer>("keypace.send", _form, "POST", "/v1/agent-configurations", new
        {
            only = _isNewKey ? NewKeyFields : StoredKeyFields,
            empties = true,
            extra = new Dictionary<string, string> { ["model_name"] = _model.Model.Trim() },
        });
        if (answer.IsGood)
            await EndAsync(answer.Read<Agent>(), _isNewKey ? "and its key are stored" : "is stored");
        else
            Show(FormErrors.Of(answer, ShownFields()));
    }

    private async Task ChangeAsync(Agent agent)
    {
        var version = (_theirs ?? agent).Version;
        var changed = await Me.AskAsync(caller => Agents.ChangeAsync(agent.Id, _model.ChangeSince(_before, version), caller, CancellationToken.None));
        if (changed.TryGet(out var after, out var refusal))
        {
            await EndAsync(after, "is changed");
        }
        else if (refusal.Reason is RefusalReason.Stale
            && (await Me.AskAsync(caller => Agents.GetAsync(agent.Id, caller, CancellationToken.None))).TryGet(out var theirs, out _))
        {
            (_theirs, _errors, _theirChange) = (theirs, new FormErrors(), await OthersChange.OfAsync(Me, Audit, agent.Id));
        }
        else
        {
            Show(FormErrors.Of(refusal, ShownFields()));
        }
    }

    private void Show(FormErrors errors) => (_errors, _wantsErrorFocus) = (errors, true);

    private async Task EndAsync(Agent agent, string what)
    {
        Toasts.Say($"{agent.AgentName} {what}");
        if (_dialog is not null)
            await _dialog.CloseAsync();
        await Saved.InvokeAsync(agent);
    }

    private void TakeTheirs()
    {
        if (_theirs is { } theirs)
            Open(theirs, AgentForm.Of(theirs));
    }

    private IEnumerable<(string Field, string Mine, string Theirs)> Differences()
    {
        var theirs = AgentForm.Of(_theirs!);
        (string, string, string)[] all =
        [
            ("Name", _model.Name, theirs.Name), ("Model", _model.Model, theirs.Model), ("Key", KeyName(_model.KeyId), KeyName(theirs.KeyId)),
            ("Address", _model.Url, theirs.Url), ("System prompt", _model.Prompt, theirs.Prompt),
        ];
        return all.Where(one => one.Item2 != one.Item3);
    }

    private string KeyName(string id) => _keys.FirstOrDefault(key => key.Id == id)?.Name ?? "none";

    private string HubName(string hub) => Hubs.TryGet(hub, out var profile) ? profile.DisplayName : hub;

    private async Task ForgetAsync() => await Drafts.ClearAsync(Js, DraftName);

    private static readonly string[] StoredKeyFields = ["agent_name", "model_name", "api_key_id", "agent_url", "agent_system_prompt"];

    private static readonly string[] NewKeyFields =
        ["agent_name", "model_name", "hub", "api_key", "hub_config", "rate_limit_requests_per_minute", "agent_url", "agent_system_prompt"];

    private static readonly string[] TestedFields = ["api_key", "hub_config", "agent_url"];

    private HashSet<string> ShownFields() =>
    [
        "agent_name", "name", "model_name", "agent_url", "url", "agent_system_prompt",
        .. _isNewKey ? ["hub", "api_key", "value", "rate_limit_requests_per_minute"] : (string[])["api_key_id"],
        .. _isNewKey && _hub is not null ? _hub.Fields.Select(field => "hub_config." + field.Name) : [],
    ];
}
