using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Features.Audit;
using Keypace.Server.Features.Hubs;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Figures;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Notes;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>
/// Makes a key, changes one, or replaces its secret. The browser sends the form to the routes itself, because of the secret in it; what comes back
/// decides what is shown.
/// </summary>
public sealed partial class KeyDialog
{
    private readonly string _hubId = FieldIds.Next();
    private readonly string _wayId = FieldIds.Next();
    private readonly string _pacingId = FieldIds.Next();
    private readonly string _guardId = FieldIds.Next();
    private readonly string _groupId = FieldIds.Next();
    private Dialog? _dialog;
    private ElementReference _form;
    private Mode _mode;
    private ApiKey? _key;
    private ApiKey? _theirs;
    private OthersChange? _theirChange;
    private KeyForm _before = new();
    private KeyForm _model = new();
    private Dictionary<string, RateLimit> _teams = [];
    private IReadOnlyList<(string Id, string Text)> _groups = [];
    private HubProfile? _hub;
    private HubAccess? _way;
    private FormErrors _errors = new();
    private ApiKeyTestResult? _result;
    private string? _testRefusal;
    private bool _isLimitTyped;
    private bool _isTesting;
    private bool _isSaving;
    private bool _wasTest;
    private bool _wantsErrorFocus;

    private enum Mode
    {
        Add,
        Edit,
        ReplaceSecret,
    }

    [Inject] internal HubCatalogue Hubs { get; set; } = null!;

    [Inject] internal AuditOperations Audit { get; set; } = null!;

    [Inject] internal ApiKeyOperations Keys { get; set; } = null!;

    [Inject] internal HubDefaults Defaults { get; set; } = null!;

    [Inject] internal ApiKeyTesting Testing { get; set; } = null!;

    [Inject] internal Me Me { get; set; } = null!;

    [Inject] internal NavigationManager Navigation { get; set; } = null!;

    [Inject] internal Toasts Toasts { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    /// <summary>After a key was made or changed.</summary>
    [Parameter] public EventCallback<ApiKey> Saved { get; set; }

    /// <summary>Null where nothing that was typed may be kept: a secret.</summary>
    private string? DraftName => _mode switch
    {
        Mode.Add => NewKeysDraft,
        Mode.Edit => ChangesDraft,
        _ => null,
    };

    private string Title => _mode switch
    {
        Mode.Add => "Add new key",
        Mode.Edit => $"Edit {_key?.Name}",
        _ => $"Replace the secret of {_key?.Name}",
    };

    private string RateText =>
        TypedNumber.Small(_model.Requests) is { } count and > 0 && TypedNumber.Small(_model.Seconds) is { } seconds and > 0 ? Said.Rate(count, seconds) : "";

    public Task AddAsync() => AddAsync(null);

    private async Task AddAsync(IReadOnlyDictionary<string, string>? draft)
    {
        _groups = [];
        await ReadTeamsAsync();
        var model = draft is null ? new KeyForm() : KeyForm.OfDraft(draft, new KeyForm());
        Open(Mode.Add, null, model);
        _isLimitTyped = draft is not null && model.Requests.Length > 0;
        ChooseHub(model.Hub.Length > 0 && Hubs.TryGet(model.Hub, out _) ? model.Hub : HubChoices.InOrder(Hubs)[0].Name);
        if (draft is not null)
            _isLimitTyped = _hub is not null && !IsDefaultLimit(_hub);
        _before = new KeyForm();
        StateHasChanged();
    }

    public async Task EditAsync(ApiKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        await EditAsync(key, KeyForm.Of(key));
    }

    private async Task EditAsync(ApiKey key, KeyForm model)
    {
        await ReadTeamsAsync();
        await ReadGroupsAsync(key);
        Open(Mode.Edit, key, model);
    }

    public Task ReplaceSecretAsync(ApiKey key)
    {
        Open(Mode.ReplaceSecret, key, KeyForm.Of(key));
        return Task.CompletedTask;
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

    private async Task ReadTeamsAsync()
    {
        if ((await Me.AskAsync(caller => Task.FromResult(Defaults.List(caller)))).TryGet(out var hubs, out _))
            _teams = hubs.Where(hub => hub.RateLimitIsTeams).ToDictionary(hub => hub.Name, hub => new RateLimit(hub.RateLimitPerInterval, hub.RateLimitInterval));
    }

    /// <summary>The groups that this key can be in: its own, and those of other keys of its hub.</summary>
    private async Task ReadGroupsAsync(ApiKey key)
    {
        if (!(await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var keys, out _))
            return;
        var groups = keys.Where(other => other.Id != key.Id && other.Hub == key.Hub && other.RateGroupId is not null)
            .GroupBy(other => other.RateGroupId!).ToDictionary(group => group.Key, group => "With " + string.Join(", ", group.Select(other => other.Name)));
        var isAlone = key.RateGroupId is null || !groups.ContainsKey(key.RateGroupId);
        _groups = [(isAlone ? key.RateGroupId ?? "" : "own", "This key alone"), .. groups.Select(group => (group.Key, group.Value)).OrderBy(group => group.Value, StringComparer.OrdinalIgnoreCase)];
    }

    private void Open(Mode mode, ApiKey? key, KeyForm model)
    {
        (_mode, _key, _theirs, _model, _errors, _result, _testRefusal) = (mode, key, null, model, new FormErrors(), null, null);
        (_isTesting, _isSaving) = (false, false);
        _isLimitTyped = key is not null;
        _before = key is null ? new KeyForm() : KeyForm.Of(key);
        _hub = Hubs.TryGet(model.Hub, out var hub) ? hub : null;
        _way = _hub is null ? null : HubChoices.WayOf(_hub, model.Config);
        _dialog?.Open();
        StateHasChanged();
    }

    private void ChooseHub(string? name)
    {
        if (name is null || !Hubs.TryGet(name, out var hub))
            return;
        (_hub, _model.Hub, _result, _testRefusal) = (hub, name, null, null);
        _way = hub.Ways.ElementAtOrDefault(_model.Way) ?? hub.Access;
        _errors = new FormErrors();
        if (_isLimitTyped)
            return;   // what a person typed is never overwritten
        _model.Requests = DefaultOf(hub).Count.ToString(CultureInfo.InvariantCulture);
        _model.Seconds = DefaultOf(hub).Seconds.ToString(CultureInfo.InvariantCulture);
    }

    private void ChooseAnotherHub(string? name)
    {
        _model.Way = 0;
        ChooseHub(name);
    }

    private void ChooseWay(string? index)
    {
        _model.Way = int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var way) ? way : 0;
        (_way, _result, _testRefusal, _errors) = (_hub!.Ways.ElementAtOrDefault(_model.Way) ?? _hub.Access, null, null, new FormErrors());
    }

    private void TypeLimit(string? count, string? seconds)
    {
        _isLimitTyped = true;
        (_model.Requests, _model.Seconds) = (count ?? _model.Requests, seconds ?? _model.Seconds);
    }

    private Task TakeLimitAsync((int Count, int Seconds) limit)
    {
        TypeLimit(limit.Count.ToString(CultureInfo.InvariantCulture), limit.Seconds.ToString(CultureInfo.InvariantCulture));
        return Task.CompletedTask;
    }

    private bool IsDefaultLimit(HubProfile hub) =>
        _model.Requests == DefaultOf(hub).Count.ToString(CultureInfo.InvariantCulture)
        && _model.Seconds == DefaultOf(hub).Seconds.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a new key gets that names no limit: the team's own default, or the hub's.</summary>
    private RateLimit DefaultOf(HubProfile hub) => _teams.TryGetValue(hub.Name, out var teams) ? teams : hub.DefaultLimit.Limit;

    private void TakeTheirs()
    {
        if (_theirs is { } theirs)
            Open(_mode, theirs, KeyForm.Of(theirs));
    }
}
