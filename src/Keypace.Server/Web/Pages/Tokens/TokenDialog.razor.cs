using Keypace.Contracts;
using Keypace.Server.Features.AccessTokens;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Samples;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Tokens;

/// <summary>Makes a token and shows it, once.</summary>
public sealed partial class TokenDialog
{
    private static readonly (int Days, string Text)[] _lifetimes = [(1, "in 1 day"), (7, "in 7 days"), (30, "in 30 days"), (90, "in 90 days"), (180, "in 180 days"), (365, "in 365 days")];

    private const string DraftName = "make-token";

    private readonly string _roleId = FieldIds.Next();
    private readonly string _daysId = FieldIds.Next();
    private readonly string _tokenId = FieldIds.Next();
    private readonly string _labelId = FieldIds.Next();
    private readonly string _environmentId = FieldIds.Next();
    private Dialog? _dialog;
    private ElementReference _form;
    private ElementReference _shown;
    private TokenForm _model = new();
    private FormErrors _errors = new();
    private AccessToken? _made;
    private long? _lastUsedAt;
    private IReadOnlyList<ApiKey> _keys = [];
    private IReadOnlyList<Agent> _agents = [];
    private IReadOnlyList<CodeSample> _samples = [];
    private bool _isSaving;
    private bool _isCopied;
    private bool _wantsErrorFocus;
    private bool _wantsToken;

    [Inject] internal ApiKeyOperations Keys { get; set; } = null!;

    [Inject] internal AgentOperations Agents { get; set; } = null!;

    [Inject] internal AccessTokenOperations Tokens { get; set; } = null!;

    [Inject] internal Me Me { get; set; } = null!;

    [Inject] internal TimeProvider Time { get; set; } = null!;

    [Inject] internal NavigationManager Navigation { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    /// <summary>After the token was stored.</summary>
    [Parameter] public EventCallback<AccessToken> Saved { get; set; }

    private string Server => Navigation.BaseUri;

    public Task MakeNewAsync() => MakeNewAsync(new TokenForm());

    private async Task MakeNewAsync(TokenForm model)
    {
        (_model, _errors, _made, _lastUsedAt, _isSaving, _isCopied) = (model, new FormErrors(), null, null, false, false);
        if ((await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var keys, out _))
            _keys = [.. keys.OrderBy(key => key.Name, StringComparer.OrdinalIgnoreCase)];
        if ((await Me.AskAsync(caller => Agents.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var agents, out _))
            _agents = [.. agents.Results.Where(agent => agent.Status == AgentStatuses.Active).OrderBy(agent => agent.AgentName, StringComparer.OrdinalIgnoreCase)];
        _dialog?.Open();
        StateHasChanged();
    }

    /// <summary>Once a second while it is open: has somebody used the new token?</summary>
    public async Task TickAsync()
    {
        if (_made is null || _lastUsedAt is not null)
            return;
        if ((await Me.AskAsync(caller => Tokens.GetAsync(_made.Id, caller, CancellationToken.None))).TryGet(out var token, out _)
            && token.LastUsedAt is not null)
        {
            _lastUsedAt = token.LastUsedAt;
            StateHasChanged();
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender && await Drafts.LoadAsync(Js, DraftName) is { } draft)
            await MakeNewAsync(TokenForm.OfDraft(draft));
        if (_wantsToken)
        {
            _wantsToken = false;
            await Js.InvokeVoidAsync("keypace.token.show", _shown);
        }

        if (!_wantsErrorFocus)
            return;
        _wantsErrorFocus = false;
        await Js.InvokeVoidAsync("keypace.focusError", _form);
    }

    private static void Choose(HashSet<string> chosen, string id, bool isChosen)
    {
        if (isChosen)
            chosen.Add(id);
        else
            chosen.Remove(id);
    }

    private async Task MakeAsync()
    {
        if (_isSaving)
            return;
        _isSaving = true;
        var answer = await Js.InvokeAsync<WireAnswer>("keypace.token.make", _form, "/v1/access-tokens", new { only = _name, extra = _model.Request(Time.GetUtcNow()) });
        _isSaving = false;
        if (!answer.IsGood)
        {
            (_errors, _wantsErrorFocus) = (FormErrors.Of(answer, _shownFields), true);
            return;
        }

        _made = answer.Read<AccessToken>();
        await Drafts.ClearAsync(Js, DraftName);
        _samples = CallSamples.Of(Server, new SampleCall(ModelFor(_made), "Say hello."));
        _wantsToken = true;
        await Saved.InvokeAsync(_made);
    }

    /// <summary>Something that this very token may ask for.</summary>
    private string ModelFor(AccessToken token)
    {
        var agent = _agents.FirstOrDefault(one => token.Agents?.Contains(one.Id) ?? token.ApiKeys?.Contains(one.ApiKeyId ?? "") ?? true);
        if (agent is not null)
            return "agent/" + agent.AgentName;
        var key = _keys.FirstOrDefault(one => token.ApiKeys?.Contains(one.Id) ?? true);
        return key is null ? "openai/gpt-4.1-mini" : key.Hub + "/MODEL";
    }

    private string Bound(AccessToken token) => string.Join(", ",
        (token.ApiKeys ?? []).Select(id => _keys.FirstOrDefault(key => key.Id == id)?.Name ?? id)
        .Concat((token.Agents ?? []).Select(id => _agents.FirstOrDefault(agent => agent.Id == id)?.AgentName ?? id)));

    private Task CloseAsync() => _dialog?.CloseAsync() ?? Task.CompletedTask;

    private async Task ForgetAsync()
    {
        _made = null;
        await Drafts.ClearAsync(Js, DraftName);
        await Js.InvokeVoidAsync("keypace.token.forget");
    }

    private static readonly string[] _name = ["name"];

    private static readonly HashSet<string> _shownFields = ["name", "role", "scopes", "expires_at", "api_keys", "agents"];
}
