using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Features.Audit;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Web.Live;
using Keypace.Server.Web.Notes;
using Keypace.Server.Web.Pictures;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>One key: its limit at work, who waits, what went through it lately, who uses it and who changed it.</summary>
public sealed partial class KeyPage
{
    private const int MostShown = 12;
    private const int TicksBetweenQueries = 2;

    private ApiKey? _key;
    private ApiKeyStatus? _status;
    private IReadOnlyList<QueryRecord> _queries = [];
    private IReadOnlyList<Agent> _agents = [];
    private IReadOnlyDictionary<string, string> _agentNames = new Dictionary<string, string>();
    private IReadOnlyList<HistoryEntry> _history = [];
    private List<CallerLine> _callers = [];
    private Refusal? _refusal;
    private KeyDialog? _dialog;
    private KeyTestDialog? _testDialog;
    private DeleteKeyDialog? _deleteDialog;
    private DisableKeyDialog? _disableDialog;
    private string _hubName = "";
    private string _loadedId = "";
    private int? _medianWait;
    private double _now;
    private bool _showsAll;
    private int _ticks;

    [Inject] internal ApiKeyOperations Keys { get; set; } = null!;

    [Inject] internal ApiKeyStatuses Statuses { get; set; } = null!;

    [Inject] internal AgentOperations Agents { get; set; } = null!;

    [Inject] internal AuditOperations Audit { get; set; } = null!;

    [Inject] internal HubCatalogue Hubs { get; set; } = null!;

    [Inject] internal NavigationManager Navigation { get; set; } = null!;

    [Inject] internal Toasts Toasts { get; set; } = null!;

    [Inject] internal TimeProvider Time { get; set; } = null!;

    [Parameter] public string Id { get; set; } = "";

    private LiveKey? Live => Feed.Of(Guid.Parse(_key!.Id));

    private KeyHealth.Trouble? Trouble => Feed.TroubleOf(Guid.Parse(_key!.Id));

    private KeyState State => Feed.StateOf(_key!);

    private KeyLine Line => new(_key!, Guid.Parse(_key!.Id), _hubName, [.. _agents.Select(agent => agent.AgentName)]);

    private DateTimeOffset? LastUsed => Feed.LastUsed(Guid.Parse(_key!.Id)) is { } recent ? DateTimeOffset.FromUnixTimeMilliseconds(recent)
        : _key.LastUsedAt is { } at ? DateTimeOffset.FromUnixTimeSeconds(at) : null;

    protected override async Task OnParametersSetAsync()
    {
        if (IsLoaded && Id != _loadedId)
            await LoadAsync();
    }

    protected override async Task LoadAsync()
    {
        _loadedId = Id;
        if (!(await Me.AskAsync(caller => Keys.GetAsync(Id, caller, CancellationToken.None))).TryGet(out _key, out _refusal))
            return;
        _hubName = Hubs.TryGet(_key.Hub, out var hub) ? hub.DisplayName : _key.Hub;
        await ReadStatusAsync();
        await ReadQueriesAsync();
        if ((await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var agents, out _))
        {
            _agents = [.. agents.Results.Where(agent => agent.ApiKeyId == _key.Id && agent.Status != AgentStatuses.Archived).OrderBy(agent => agent.AgentName)];
            _agentNames = agents.Results.ToDictionary(agent => agent.Id, agent => agent.AgentName);
        }

        if ((await Me.AskAsync(caller => Audit.ListAsync(30, null, null, caller, CancellationToken.None, subjectId: _key.Id))).TryGet(out var records, out _))
            _history = KeyHistory.Of(records.Results, _status?.Events ?? [], _hubName);
    }

    protected override async Task<bool> TickAsync()
    {
        if (_key is null)
            return false;
        await ReadStatusAsync();
        if (_ticks++ % TicksBetweenQueries == 0 && _status is { } status && (status.UsedNow > 0 || status.Waiting > 0))
            await ReadQueriesAsync();
        return true;
    }

    private async Task ReadStatusAsync()
    {
        if (!(await Me.AskAsync(caller => Statuses.StatusAsync(_key!.Id, caller, CancellationToken.None))).TryGet(out var status, out _))
            return;
        (_status, _now) = (status, Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        _callers = CallerLine.Of(status);
    }

    private async Task ReadQueriesAsync()
    {
        if (!(await Me.AskAsync(caller => Statuses.QueriesAsync(_key!.Id, ApiKeyStatuses.UsualQueries, caller, CancellationToken.None))).TryGet(out var list, out _))
            return;
        _queries = list.Results;
        var waits = _queries.Where(query => query.Attempts > 0).Select(query => query.WaitedMs).Order().ToList();
        _medianWait = waits.Count == 0 ? null : waits[waits.Count / 2];
    }

    private async Task ForgetAsync(string kind)
    {
        var done = await Me.AskAsync(caller => Statuses.ForgetAsync(_key!.Id, kind, caller, CancellationToken.None));
        Toasts.Say(done.TryGet(out _, out var refusal) ? "It is no longer believed" : refusal.Detail);
        await ReadStatusAsync();
    }

    private Task ToggleAsync() => _key!.Status == KeyStatuses.Disabled ? _disableDialog!.EnableAsync(_key) : _disableDialog!.AskAsync(Line);

    private async Task AfterDeleteAsync()
    {
        if ((await Me.AskAsync(caller => Keys.GetAsync(_key!.Id, caller, CancellationToken.None))).TryGet(out _, out _))
            await LoadAsync();
        else
            Navigation.NavigateTo("/keys");
    }

    private static DateTimeOffset? Moment(double? unixSeconds) =>
        unixSeconds is { } seconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)) : null;
}

/// <summary>One caller that sends or waits.</summary>
/// <param name="Colour">1 to 4, as in the picture.</param>
/// <param name="Place">In the whole line, of its first query; null when it does not wait.</param>
/// <param name="Start">Unix seconds with fraction.</param>
internal sealed record CallerLine(string Name, int Colour, int Waiting, int? Place, double? Start, int Sent)
{
    /// <summary>Those who wait first, in the order of their turns; then those who only sent.</summary>
    public static List<CallerLine> Of(ApiKeyStatus status)
    {
        var past = SendPast.Of(status, 1);
        var names = past.Callers.ToList();
        var lines = new List<CallerLine>();
        foreach (var waiting in status.WaitingByCaller)
        {
            var name = waiting.Caller.Length > 0 ? waiting.Caller : waiting.Token;
            var index = names.FindIndex(one => one == name || one == $"{name} ({waiting.Token})");
            lines.Add(new CallerLine(name, (index < 0 ? names.Count : index) % 4 + 1, waiting.Waiting, waiting.FirstPosition + 1, waiting.ExpectedStart, index < 0 ? 0 : past.SentNow(index)));
        }

        for (var index = 0; index < names.Count; index++)
        {
            if (past.SentNow(index) is var sent and > 0 && lines.All(line => line.Name != names[index]))
                lines.Add(new CallerLine(names[index], index % 4 + 1, 0, null, null, sent));
        }

        return lines;
    }
}
