using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.AccessTokens;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Notes;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Tokens;

/// <summary>Access tokens: what they may, when they end, when they were last used.</summary>
public sealed partial class TokensPage
{
    private const int TicksBetweenReads = 5;

    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);

    private IReadOnlyList<AccessToken> _all = [];
    private Dictionary<string, string> _names = [];
    private Refusal? _refusal;
    private string? _newId;
    private TokenDialog? _dialog;
    private Dialog? _revokeDialog;
    private AccessToken? _revoked;
    private string? _revokeError;
    private int _ticks;
    private readonly TypedSearch _search = new();

    [Inject] private AccessTokenOperations Tokens { get; set; } = null!;

    [Inject] private ApiKeyOperations Keys { get; set; } = null!;

    [Inject] private AgentOperations Agents { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private Toasts Toasts { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery(Name = "show")] private string? ShowQuery { get; set; }

    private IEnumerable<AccessToken> Shown => _all.Where(token =>
        token.Name.Contains(_search.Text, StringComparison.OrdinalIgnoreCase)
        && ShowQuery switch { "ended" => token.Status != TokenStatuses.Active, "all" => true, _ => token.Status == TokenStatuses.Active });

    protected override void OnParametersSet() => _search.Arrive(Query);

    protected override async Task LoadAsync()
    {
        var tokens = await Me.AskAsync(caller => Tokens.ListAsync(ListWindow.All, caller, CancellationToken.None));
        var keys = await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        var agents = await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None));
        if (!tokens.TryGet(out var found, out _refusal) || !keys.TryGet(out var stored, out _refusal) || !agents.TryGet(out var known, out _refusal))
            return;
        _all = [.. found.OrderBy(token => token.Name, StringComparer.OrdinalIgnoreCase)];
        _names = stored.Select(key => (key.Id, key.Name)).Concat(known.Results.Select(agent => (agent.Id, Name: agent.AgentName))).ToDictionary(pair => pair.Id, pair => pair.Name);
    }

    protected override async Task<bool> TickAsync()
    {
        if (_dialog is not null)
            await _dialog.TickAsync();
        if (++_ticks % TicksBetweenReads == 0)
            await LoadAsync();
        return true;
    }

    private bool EndsSoon(AccessToken token) => token.Status == TokenStatuses.Active && DateTimeOffset.FromUnixTimeSeconds(token.ExpiresAt) - Time.GetUtcNow() < _soon;

    private string With(AccessToken token) => token.ApiKeys is null && token.Agents is null
        ? "all keys and agents"
        : string.Join(", ", (token.ApiKeys ?? []).Concat(token.Agents ?? []).Select(id => _names.GetValueOrDefault(id, "one that is gone")));

    private void SearchFor(string? text)
    {
        _search.Type(text);
        Go(isTyping: true);
    }

    private void ShowAll()
    {
        _search.Type("");
        Go("all");
    }

    private void Go(string? show = null, bool isTyping = false) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
        {
            ["q"] = _search.Text.Length == 0 ? null : _search.Text,
            ["show"] = string.IsNullOrEmpty(show ?? ShowQuery) ? null : show ?? ShowQuery,
        }),
        replace: isTyping);

    private Task MakeAsync() => _dialog?.MakeNewAsync() ?? Task.CompletedTask;

    private async Task SavedAsync(AccessToken token)
    {
        _newId = token.Id;
        await LoadAsync();
    }

    private void AskRevoke(AccessToken token)
    {
        (_revoked, _revokeError) = (token, null);
        _revokeDialog?.Open();
    }

    private async Task RevokeAsync()
    {
        if (_revoked is not { } token)
            return;
        var revoked = await Me.AskAsync(caller => Tokens.RevokeAsync(token.Id, caller, CancellationToken.None));
        if (!revoked.TryGet(out _, out var refusal))
        {
            _revokeError = refusal.Detail;
            return;
        }

        if (_revokeDialog is not null)
            await _revokeDialog.CloseAsync();
        Toasts.Say($"{token.Name} is revoked");
        await LoadAsync();
    }
}
