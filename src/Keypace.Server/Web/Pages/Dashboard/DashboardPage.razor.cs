using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.AccessTokens;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Web.Pages.Keys;
using Keypace.Server.Web.Pages.Tokens;
using Keypace.Server.Web.Samples;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Dashboard;

/// <summary>What is going on right now, each figure with a way to its cause; on a fresh installation the three steps to the first query.</summary>
public sealed partial class DashboardPage
{
    private const int TicksBetweenReads = 5;
    private const int TicksBetweenCallers = 2;
    private const int MostLines = 6;
    private const int SecondsToTell = 3600;

    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);
    private static readonly string[] _minutes = ["60 min ago", "45", "30", "15", "now"];

    private IReadOnlyList<ApiKey> _lines = [];
    private IReadOnlyList<AccessToken> _tokens = [];
    private IReadOnlyList<AccessToken> _ending = [];
    private List<NearKey> _near = [];
    private List<WaitingLine> _callers = [];
    private List<Trouble> _troubles = [];
    private IReadOnlyList<CodeSample> _samples = [];
    private HourFigures _hour = new();
    private Refusal? _refusal;
    private ApiKey? _firstKey;
    private KeyDialog? _keyDialog;
    private TokenDialog? _tokenDialog;
    private int _agents;
    private int _ticks;
    private bool _hasToken;
    private bool _hasQuery;
    private bool _showsSteps;
    private bool _isFirstToken;
    private bool _isJustDone;
    private (string Key, string? Model) _askedModels = ("", null);

    [Inject] private ApiKeyOperations Keys { get; set; } = null!;

    [Inject] private ApiKeyStatuses Statuses { get; set; } = null!;

    [Inject] private ApiKeyTesting Testing { get; set; } = null!;

    [Inject] private AgentOperations Agents { get; set; } = null!;

    [Inject] private AccessTokenOperations Tokens { get; set; } = null!;

    [Inject] private LastHour Hour { get; set; } = null!;

    [Inject] private FirstQuery FirstQuery { get; set; } = null!;

    [Inject] private HubCatalogue Hubs { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private int Waiting => Feed.Groups.Values.Sum(group => group.WaitingNow);

    protected override async Task LoadAsync()
    {
        var keys = await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var agents = await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var tokens = await Me.AskAsync(caller => Tokens.ListAsync(ListWindow.All, caller, CancellationToken.None));
        if (!keys.TryGet(out var stored, out _refusal) || !agents.TryGet(out var known, out _refusal) || !tokens.TryGet(out var made, out _refusal))
            return;
        _lines = stored;
        _tokens = [.. made.Where(token => token.Status == TokenStatuses.Active)];
        _ending = [.. _tokens.Where(token => DateTimeOffset.FromUnixTimeSeconds(token.ExpiresAt) - Time.GetUtcNow() < _soon).OrderBy(token => token.ExpiresAt).Take(MostLines)];
        _agents = known.Results.Count(agent => agent.Status != AgentStatuses.Archived);
        _firstKey = stored.Count > 0 ? stored[0] : null;
        _hasToken = _tokens.Any(token => token.Scopes.Contains("query"));
        _isFirstToken = _tokens.All(token => token.Name == FirstToken.TokenName);
        _hasQuery |= await HasQueryAsync();
        var agent = known.Results.FirstOrDefault(one => one is { Status: AgentStatuses.Active, HasApiKey: true });
        _samples = CallSamples.Of(Navigation.BaseUri, new SampleCall(
            agent is not null ? "agent/" + agent.AgentName : await ModelOfAsync(_firstKey), "Say hello.", agent is null && _firstKey is not null ? _firstKey.Name : null));
        if (!IsLoaded)
        {
            _showsSteps = _firstKey is null || !_hasQuery;
            // Somebody who was led through the steps and comes back is told where they went.
            _isJustDone = !_showsSteps && stored.Count == 1 && Time.GetUtcNow().ToUnixTimeSeconds() - stored[0].CreatedAt < SecondsToTell;
        }

        await ReadUsageAsync();
        Look();
        if (!_showsSteps)
            await ReadCallersAsync();
    }

    protected override async Task<bool> TickAsync()
    {
        _ticks++;
        if (_tokenDialog is not null)
            await _tokenDialog.TickAsync();
        if (_showsSteps)
            _hasQuery |= await HasQueryAsync();
        else if (_ticks % TicksBetweenReads == 0)
            await ReadUsageAsync();
        Look();
        if (!_showsSteps && (_ticks % TicksBetweenCallers == 0 || Waiting > 0 && _callers.Count == 0))
            await ReadCallersAsync();
        return true;
    }

    private async Task<bool> HasQueryAsync() => (await Me.AskAsync(caller => FirstQuery.IsThroughAsync(caller, CancellationToken.None))).TryGet(out var isThrough, out _) && isThrough;

    /// <summary>A model that the key really has: one that its hub is known for, or the first that the hub lists for it.</summary>
    private async Task<string> ModelOfAsync(ApiKey? key)
    {
        if (key is null)
            return "openai/gpt-4.1-mini";
        if (Hubs.TryGet(key.Hub, out var hub) && hub.Models.Count > 0)
            return hub.Models[0];
        if (_askedModels.Key != key.Id && !_hasQuery)
            _askedModels = (key.Id, ModelListing.MayAsk(key) ? await FirstListedAsync(key) : null);
        return _askedModels.Model ?? "MODEL";
    }

    private async Task<string?> FirstListedAsync(ApiKey key)
    {
        var asked = await Me.AskAsync(caller => Testing.ModelsAsync(key.Id, caller, CancellationToken.None));
        return asked.TryGet(out var models, out _) && models.Models is { Count: > 0 } list ? list[0] : null;
    }

    private string HubName(string hub) => Hubs.TryGet(hub, out var profile) ? profile.DisplayName : hub;

    /// <summary>Out of the figures that the feed has already.</summary>
    private void Look() => _near =
    [
        .. _lines.Where(key => key.Status == KeyStatuses.Active)
            .Select(key => (Key: key, Live: Feed.Of(Guid.Parse(key.Id))))
            .Where(pair => pair.Live is { } live && (live.Used > 0 || live.Waiting > 0 || live.PausedUntil is not null))
            .Select(pair => new NearKey(pair.Key, pair.Live!.Used, pair.Live.Limit, pair.Live.Waiting, pair.Live.PausedUntil is not null,
                pair.Live.Seconds == pair.Key.RateLimitInterval && pair.Live.Limit < pair.Key.RateLimitPerInterval && !pair.Live.IsShared))
            .OrderByDescending(line => line.Waiting > 0).ThenByDescending(line => (double)line.Used / line.Limit).ThenBy(line => line.Key.Name, StringComparer.Ordinal)
            .Take(MostLines),
    ];

    private async Task ReadCallersAsync()
    {
        var callers = new List<WaitingLine>();
        // Keys of one rate group wait in one line, which is looked at once and told with the names of them all.
        var lines = _lines.Where(key => key.Status == KeyStatuses.Active && Feed.Of(Guid.Parse(key.Id)) is { Waiting: > 0 })
            .GroupBy(key => key.RateGroupId ?? key.Id).OrderByDescending(group => Feed.Of(Guid.Parse(group.First().Id))!.Waiting).Take(MostLines);
        foreach (var line in lines)
        {
            var asked = await Me.AskAsync(caller => Statuses.StatusAsync(line.First().Id, caller, CancellationToken.None));
            if (asked.TryGet(out var status, out _))
                callers.AddRange(status.WaitingByCaller.Select(one => new WaitingLine(one.Caller.Length > 0 ? one.Caller : one.Token, one.Waiting, line.First().Id, string.Join(", ", line.Select(key => key.Name)))));
        }

        // A caller that waits on two keys is two lines: whose turn comes when is told by the key.
        _callers = [.. callers.GroupBy(one => (one.Name, one.KeyId)).Select(group => group.First() with { Waiting = group.Sum(one => one.Waiting) }).OrderByDescending(one => one.Waiting).Take(MostLines)];
    }

    private async Task ReadUsageAsync()
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        if (!(await Me.AskAsync(caller => Hour.ReadAsync(caller, CancellationToken.None))).TryGet(out var minutes, out _refusal))
            return;
        _hour = HourFigures.Of(minutes, now);
        var names = _lines.ToDictionary(key => Guid.Parse(key.Id), key => key.Name);
        _troubles =
        [
            .. _hour.Troubles
                .Select(pair => new Trouble(pair.Key.ToString(), names.GetValueOrDefault(pair.Key, "a deleted key"), pair.Value.Again, pair.Value.Failed, Feed.Of(pair.Key)?.PausedUntil))
                .OrderByDescending(trouble => trouble.Again + trouble.Failed).Take(MostLines),
        ];
    }

    private Task AddKeyAsync() => _keyDialog?.AddAsync() ?? Task.CompletedTask;

    private Task SavedAsync() => LoadAsync();

    private Task MakeTokenAsync() => _tokenDialog?.MakeNewAsync() ?? Task.CompletedTask;

    private sealed record NearKey(ApiKey Key, int Used, int Limit, int Waiting, bool IsPaused, bool IsLowered);

    private sealed record WaitingLine(string Name, int Waiting, string KeyId, string KeyName);

    /// <param name="Again">Sends beyond the first of a query.</param>
    private sealed record Trouble(string KeyId, string Name, long Again, long Failed, DateTimeOffset? Paused);
}
