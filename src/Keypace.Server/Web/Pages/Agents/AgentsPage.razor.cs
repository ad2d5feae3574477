using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Figures;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Notes;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Agents;

/// <summary>The list of agents. What is searched, shown and sorted is in the URL.</summary>
public sealed partial class AgentsPage
{
    private const long DaySeconds = 86_400;

    private IReadOnlyList<AgentLine> _all = [];
    private List<AgentLine> _shown = [];
    private Refusal? _refusal;
    private string? _newId;
    private AgentDialog? _dialog;
    private readonly TypedSearch _search = new();

    [Inject] private AgentOperations Agents { get; set; } = null!;

    [Inject] private ApiKeyOperations Keys { get; set; } = null!;

    [Inject] private UsageOperations Usage { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private Toasts Toasts { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery(Name = "show")] private string? ShowQuery { get; set; }

    [SupplyParameterFromQuery(Name = "sort")] private string? SortQuery { get; set; }

    private string Show => ShowQuery ?? "";

    private string Sort => SortQuery is { Length: > 0 } sort ? sort : "name";

    private string Summary
    {
        get
        {
            if (!IsLoaded)
                return "…";
            var silent = _all.Count(line => line.State is AgentState.NoKey or AgentState.KeyDisabled);
            return $"{Said.Of(_all.Count(line => !line.IsArchived), "agent")}{(silent > 0 ? $" · {silent} cannot answer" : "")}";
        }
    }

    protected override void OnParametersSet()
    {
        _search.Arrive(Query);
        Arrange();
    }

    protected override async Task LoadAsync()
    {
        var agents = await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var keys = await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var used = await Me.AskAsync(caller => Usage.SumAsync(new UsageQuestion("agent", now - DaySeconds, now + 1), caller, CancellationToken.None));
        if (!agents.TryGet(out var found, out _refusal) || !keys.TryGet(out var stored, out _refusal) || !used.TryGet(out var report, out _refusal))
            return;
        var byId = stored.ToDictionary(key => key.Id);
        var queries = report.Results.ToDictionary(row => row.Group, row => row.Queries);
        _all =
        [
            .. found.Results.Select(agent => new AgentLine(
                agent,
                agent.ApiKeyId is { } id ? byId.GetValueOrDefault(id)?.Name : null,
                agent.ApiKeyId is { } keyId && byId.GetValueOrDefault(keyId)?.Status == KeyStatuses.Disabled,
                queries.GetValueOrDefault(agent.Id))),
        ];
        Arrange();
    }

    /// <summary>Nothing here moves by itself: the page is drawn anew only when agents or keys change, which <see cref="LoadAsync"/> hears of.</summary>
    protected override Task<bool> TickAsync() => Task.FromResult(true);

    private void Arrange()
    {
        var shown = _all.Where(line => line.Matches(_search.Text) && Show switch { "archived" => line.IsArchived, "all" => true, _ => !line.IsArchived });
        Func<AgentLine, string> by = Sort.TrimStart('-') switch
        {
            "model" => line => line.Agent.ModelName,
            "key" => line => line.KeyName ?? "",
            "status" => line => line.State.ToString(),
            _ => line => line.Agent.AgentName,
        };
        _shown = [.. Sort.StartsWith('-') ? shown.OrderByDescending(by, StringComparer.OrdinalIgnoreCase) : shown.OrderBy(by, StringComparer.OrdinalIgnoreCase)];
    }

    private void SearchFor(string? text)
    {
        _search.Type(text);
        Arrange();
        Go(isTyping: true);
    }

    private void ShowAll()
    {
        _search.Type("");
        Go(show: "all");
    }

    private void SortBy(string field) => Go(sort: Sort == field ? "-" + field : field);

    /// <summary>Null leaves that part of the URL as it is, empty takes it away.</summary>
    private void Go(string? show = null, string? sort = null, bool isTyping = false)
    {
        static string? Given(string? value) => string.IsNullOrEmpty(value) ? null : value;
        Navigation.NavigateTo(
            Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
            {
                ["q"] = Given(_search.Text),
                ["show"] = Given(show ?? ShowQuery),
                ["sort"] = Given(sort ?? SortQuery),
            }),
            replace: isTyping);
    }

    private Task AddAsync() => _dialog?.AddAsync() ?? Task.CompletedTask;

    private Task EditAsync(AgentLine line) => _dialog?.EditAsync(line.Agent) ?? Task.CompletedTask;

    private async Task SavedAsync(Agent agent)
    {
        _newId = agent.Id;
        await LoadAsync();
    }

    private async Task SetStatusAsync(Agent agent, string status, bool canUndo)
    {
        var changed = await Me.AskAsync(caller => Agents.ChangeAsync(agent.Id, new AgentChange(Status: status), caller, CancellationToken.None));
        if (!changed.TryGet(out _, out var refusal))
            Toasts.Say(refusal.Detail);
        else if (canUndo)
            Toasts.SayWithUndo($"{agent.AgentName} is archived. Its queries are refused until it is brought back.", () => SetStatusAsync(agent, AgentStatuses.Active, false));
        else
            Toasts.Say($"{agent.AgentName} is back");
        await LoadAsync();
        StateHasChanged();
    }
}
