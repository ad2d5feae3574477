using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Web.Figures;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Live;
using Keypace.Server.Web.Notes;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>The list of keys. What is searched, filtered and sorted is in the URL; the live columns never sort rows anew by themselves.</summary>
public sealed partial class KeysPage
{
    private static readonly (string Word, string Name)[] _statuses =
        [("", "Any"), ("active", "Active"), ("held_back", "Held back by hub"), ("trouble", "Refused or failing"), ("waiting", "With queries waiting"), ("disabled", "Disabled")];

    private static readonly string[] _boneClasses = ["", "", "col-key", "", "", "", "col-agents", "col-last-used", "", ""];

    private IReadOnlyList<KeyLine> _all = [];
    private List<KeyLine> _shown = [];
    private SortedDictionary<string, string> _hubNames = [];
    private Refusal? _refusal;
    private Guid? _newId;
    private bool _hasShared;
    private readonly TypedSearch _search = new();
    private KeyDialog? _dialog;
    private KeyTestDialog? _testDialog;
    private DeleteKeyDialog? _deleteDialog;
    private DisableKeyDialog? _disableDialog;

    [Inject] private ApiKeyOperations Keys { get; set; } = null!;

    [Inject] private AgentOperations Agents { get; set; } = null!;

    [Inject] private Domain.Hubs.HubCatalogue Hubs { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private Toasts Toasts { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery(Name = "hub")] private string? HubQuery { get; set; }

    [SupplyParameterFromQuery(Name = "status")] private string? StatusQuery { get; set; }

    [SupplyParameterFromQuery(Name = "sort")] private string? SortQuery { get; set; }

    private string HubFilter => HubQuery ?? "";

    private string StatusFilter => StatusQuery ?? "";

    private string Sort => SortQuery is { Length: > 0 } sort ? sort : KeyOrder.Usual;

    private string Summary
    {
        get
        {
            if (!IsLoaded || _all.Count == 0)
                return IsLoaded ? "" : "…";
            var waiting = Feed.Groups.Values.Sum(group => group.WaitingNow);
            var (held, ill) = (_all.Count(line => StateOf(line).IsHeldBack()), _all.Count(line => StateOf(line).NeedsSomebody()));
            return $"{Said.Of(_all.Count, "key")} on {Said.Of(_hubNames.Count, "hub")} · {Said.Of(waiting, "query", "queries")} waiting"
                + (held > 0 ? $" · {Said.Of(held, "key")} held back by {(held == 1 ? "its" : "their")} hub" : "")
                + (ill > 0 ? $" · {Said.Of(ill, "key")} refused or failing" : "");
        }
    }

    protected override void OnParametersSet()
    {
        _search.Arrive(Query);
        Arrange();
    }

    protected override async Task LoadAsync()
    {
        var keys = await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var agents = await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        if (!keys.TryGet(out var found, out _refusal) || !agents.TryGet(out var users, out _refusal))
            return;
        var byKey = users.Results.Where(agent => agent.ApiKeyId is not null && agent.Status != AgentStatuses.Archived).ToLookup(agent => agent.ApiKeyId!, agent => agent.AgentName);
        _all = [.. found.Select(key => new KeyLine(key, Guid.Parse(key.Id), HubName(key.Hub), [.. byKey[key.Id]]))];
        _hubNames = new SortedDictionary<string, string>(_all.Select(line => line.Key.Hub).Distinct().ToDictionary(hub => hub, HubName));
        _hasShared = _all.GroupBy(line => line.Key.RateGroupId).Any(group => group.Count() > 1);
        Arrange();
    }

    private void Arrange() => _shown = [.. KeyOrder.Sort(
        _all.Where(line => line.Matches(_search.Text) && (HubFilter.Length == 0 || line.Key.Hub == HubFilter) && HasStatus(line)), Sort, Feed)];

    private bool HasStatus(KeyLine line) => StatusFilter switch
    {
        "active" => StateOf(line) is KeyState.Active,
        "held_back" => StateOf(line).IsHeldBack(),
        "trouble" => StateOf(line).NeedsSomebody(),
        "waiting" => Feed.Of(line.Id) is { Waiting: > 0 },
        "disabled" => line.Key.Status == KeyStatuses.Disabled,
        _ => true,
    };

    private KeyState StateOf(KeyLine line) => Feed.StateOf(line.Key);

    private DateTimeOffset? LastUsedOf(KeyLine line) =>
        Feed.LastUsed(line.Id) is { } recent ? DateTimeOffset.FromUnixTimeMilliseconds(recent)
        : line.Key.LastUsedAt is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    private string HubName(string hub) => Hubs.TryGet(hub, out var profile) ? profile.DisplayName : hub;

    private Task SearchAsync(string? text)
    {
        _search.Type(text);
        Arrange();
        return GoAsync(isTyping: true);
    }

    private Task ClearAsync()
    {
        _search.Type("");
        return GoAsync(hub: "", status: "");
    }

    private Task SortByAsync(string field) => GoAsync(sort: KeyOrder.Toggle(Sort, field));

    /// <summary>Null leaves that part of the URL as it is, empty takes it away.</summary>
    private Task GoAsync(string? hub = null, string? status = null, string? sort = null, bool isTyping = false)
    {
        static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;
        Navigation.NavigateTo(
            Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
            {
                ["q"] = Given(_search.Text),
                ["hub"] = Given(hub ?? HubQuery),
                ["status"] = Given(status ?? StatusQuery),
                ["sort"] = Given(sort ?? SortQuery),
            }),
            replace: isTyping);
        return Task.CompletedTask;
    }

    private string HubAddress(string? hub) => Navigation.GetUriWithQueryParameter("hub", hub);

    private async Task AddAsync()
    {
        if (_dialog is not null)
            await _dialog.AddAsync();
    }

    private async Task SavedAsync(ApiKey key)
    {
        _newId = Guid.Parse(key.Id);
        await LoadAsync();
    }

    private async Task ActAsync(KeyLine line, KeyAction action)
    {
        switch (action)
        {
            case KeyAction.Edit:
                await _dialog!.EditAsync(line.Key);
                break;
            case KeyAction.ReplaceSecret:
                await _dialog!.ReplaceSecretAsync(line.Key);
                break;
            case KeyAction.Test:
                await _testDialog!.TestAsync(line.Key);
                break;
            case KeyAction.Delete:
                await _deleteDialog!.AskAsync(line);
                break;
            case KeyAction.Disable:
                await _disableDialog!.AskAsync(line);
                break;
            case KeyAction.Enable:
                await _disableDialog!.EnableAsync(line.Key);
                break;
        }
    }

    /// <summary>Null when it has the new name; otherwise why not.</summary>
    private async Task<string?> RenameAsync(KeyLine line, string name)
    {
        var renamed = await Me.AskAsync(caller => Keys.ChangeAsync(line.Key.Id, new ApiKeyChange(Name: name), caller, CancellationToken.None));
        if (!renamed.TryGet(out var key, out var refusal))
            return refusal.Detail;
        if (key.Name != line.Key.Name)
        {
            Toasts.SayWithUndo($"{line.Key.Name} is now {key.Name}", async () =>
            {
                if (await RenameAsync(line with { Key = key }, line.Key.Name) is { } why)
                    Toasts.Say(why);
            });
        }

        await LoadAsync();
        StateHasChanged();
        return null;
    }
}
