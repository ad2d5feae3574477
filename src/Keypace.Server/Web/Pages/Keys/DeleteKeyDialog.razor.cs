using Keypace.Contracts;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.Web.Figures;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Live;
using Keypace.Server.Web.Notes;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Keys;

public sealed partial class DeleteKeyDialog
{
    private readonly string _targetId = FieldIds.Next();
    private readonly string _confirmId = FieldIds.Next();
    private Dialog? _dialog;
    private ApiKey? _key;
    private IReadOnlyList<string> _agents = [];
    private IReadOnlyList<ApiKey> _targets = [];
    private int _waiting;
    private string? _typed;
    private string? _target;
    private string? _error;
    private bool _isMoving;

    [Inject] internal ApiKeyOperations Keys { get; set; } = null!;

    [Inject] internal AgentMoves Agents { get; set; } = null!;

    [Inject] internal LiveFeed Feed { get; set; } = null!;

    [Inject] internal Me Me { get; set; } = null!;

    [Inject] internal Toasts Toasts { get; set; } = null!;

    /// <summary>After keys or agents changed.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    private string Name => _key?.Name ?? "";

    private bool MayDelete => _agents.Count == 0 || _typed?.Trim() == Name;

    public async Task AskAsync(KeyLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        (_key, _agents, _typed, _target, _error, _isMoving) = (line.Key, line.Agents, "", null, null, false);
        _waiting = Feed.Of(line.Id)?.Waiting ?? 0;
        if ((await Me.AskAsync(caller => Keys.ListAsync(null, ListWindow.All, caller, CancellationToken.None))).TryGet(out var keys, out _))
            _targets = [.. keys.Where(key => key.Hub == line.Key.Hub && key.Id != line.Key.Id && key.Status == KeyStatuses.Active).OrderBy(key => key.Name)];
        _dialog?.Open();
        StateHasChanged();
    }

    private async Task MoveAsync()
    {
        if (!_isMoving)
        {
            _isMoving = true;
            return;
        }

        if (_key is null || string.IsNullOrEmpty(_target))
            return;
        var moved = await Me.AskAsync(caller => Agents.MoveAsync(_key.Id, _target, caller, CancellationToken.None));
        if (!moved.TryGet(out var names, out var refusal))
        {
            _error = refusal.Detail;
            return;
        }

        Toasts.Say($"{Said.Of(names.Moved.Count, "agent")} moved to {_targets.First(key => key.Id == _target).Name}");
        (_agents, _isMoving, _error) = ([], false, null);
        await Changed.InvokeAsync();
    }

    private async Task DeleteAsync()
    {
        if (_key is null || !MayDelete)
            return;
        var key = _key;
        var deleted = await Me.AskAsync(caller => Keys.DeleteAsync(key.Id, caller, CancellationToken.None));
        if (!deleted.TryGet(out _, out var refusal))
        {
            _error = refusal.Detail;
            return;
        }

        if (_dialog is not null)
            await _dialog.CloseAsync();
        Toasts.SayWithUndo($"{key.Name} deleted", () => RestoreAsync(key));
        await Changed.InvokeAsync();
    }

    private async Task RestoreAsync(ApiKey key)
    {
        var restored = await Me.AskAsync(caller => Keys.RestoreAsync(key.Id, caller, CancellationToken.None));
        Toasts.Say(restored.TryGet(out var back, out var refusal) ? $"{back.Name} is back" : refusal.Detail);
        await Changed.InvokeAsync();
    }
}
