using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Web.Forms;
using Keypace.Server.Web.Notes;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Keys;

/// <content>Testing and saving: the form goes from the browser to the routes, by the names of its fields.</content>
public sealed partial class KeyDialog
{
    private async Task TestAsync()
    {
        (_isTesting, _wasTest, _result, _testRefusal) = (true, true, null, null);
        StateHasChanged();
        if (_key is not null && !await Js.InvokeAsync<bool>("keypace.hasSecret", _form))
        {
            var stored = await Me.AskAsync(caller => Testing.TestStoredAsync(_key.Id, caller, CancellationToken.None));
            _testRefusal = stored.TryGet(out _result, out var refusal) ? null : refusal.Detail;
        }
        else
        {
            var answer = await Js.InvokeAsync<WireAnswer>("keypace.send", _form, "POST", "/v1/api-keys/test", new { only = TestedFields, extra = new { hub = _model.Hub } });
            _errors = answer.IsGood ? new FormErrors() : FormErrors.Of(answer, ShownFields());
            _result = answer.IsGood ? answer.Read<ApiKeyTestResult>() : null;
            _wantsErrorFocus = _errors.Count > 0;
        }

        _isTesting = false;
    }

    private async Task SaveAsync()
    {
        if (_isSaving || _hub is null)
            return;
        (_isSaving, _wasTest) = (true, false);
        var answer = _mode is Mode.Add ? await PostAsync() : await PutAsync();
        _isSaving = false;
        if (answer is null)
            return;
        if (answer.Status == 412 && _key is not null
            && (await Me.AskAsync(caller => Keys.GetAsync(_key.Id, caller, CancellationToken.None))).TryGet(out var theirs, out _))
        {
            (_theirs, _errors, _theirChange) = (theirs, new FormErrors(), await OthersChange.OfAsync(Me, Audit, _key.Id));
            return;
        }

        if (!answer.IsGood)
        {
            _errors = FormErrors.Of(answer, ShownFields());
            _wantsErrorFocus = true;
            return;
        }

        var key = answer.Read<ApiKey>();
        Toasts.Say(_mode switch
        {
            Mode.Add => $"{key.Name} is stored{(key.Notice is null ? "" : ". " + key.Notice)}",
            Mode.ReplaceSecret => $"{key.Name} has a new secret, {key.DisplayValue}",
            _ => $"{key.Name} is changed",
        });
        if (_dialog is not null)
            await _dialog.CloseAsync();
        await Saved.InvokeAsync(key);
    }

    private async Task<WireAnswer?> PostAsync()
    {
        // Left alone, the limit stays the hub's default and follows it.
        var only = IsDefaultLimit(_hub!) && !_isLimitTyped ? NewFields.Except(["rate_limit_per_interval", "rate_limit_interval"]).ToArray() : NewFields;
        return await Js.InvokeAsync<WireAnswer>("keypace.send", _form, "POST", "/v1/api-keys", new { only, empties = true, extra = WithLists(new Dictionary<string, object> { ["hub"] = _model.Hub }) });
    }

    /// <summary>Lists, which no name of a field can say.</summary>
    private Dictionary<string, object> WithLists(Dictionary<string, object> extra)
    {
        if (_mode is Mode.Edit || _model.PassHeaders.Length > 0)
            extra["pass_headers"] = _model.PassHeaders.Split([' ', ',', ';', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (_mode is Mode.Edit || _model.Limits.Count > 0)
            extra["limits"] = _model.Limits.ConvertAll(line => line.ToWire());
        return extra;
    }

    private async Task<WireAnswer?> PutAsync()
    {
        var changed = _model.ChangedSince(_before).ToList();
        if (await Js.InvokeAsync<bool>("keypace.hasSecret", _form))
            changed.AddRange(HubChoices.Secrets(_hub!, _way!).Select(secret => secret.Name.Split('.')[0]));
        if (changed.Count == 0)
        {
            if (_mode is Mode.ReplaceSecret)
                _errors = FormErrors.Of(new WireAnswer(422, """{"detail":[{"loc":["body","value"],"msg":"Enter the new secret."}]}"""), ShownFields());
            else if (_dialog is not null)
                await _dialog.CloseAsync();
            return null;
        }

        var extra = new Dictionary<string, object> { ["version"] = (_theirs ?? _key!).Version };
        if (changed.Contains("url") && _model.Url.Length == 0)
            extra["url"] = "";
        if (changed.Contains("guard_ms") && _model.GuardMs.Length == 0)
            extra["guard_ms"] = -1;
        if (changed.RemoveAll(field => field is "limits" or "pass_headers") > 0)
            extra = WithLists(extra);
        return await Js.InvokeAsync<WireAnswer>(
            "keypace.send", _form, "PUT", $"/v1/api-keys/{_key!.Id}", new { only = changed.Distinct().ToArray(), empties = true, extra });
    }

    private static readonly string[] NewFields = ["name", "hub", "value", "hub_config", "url", "rate_limit_per_interval", "rate_limit_interval", "pacing", "guard_ms"];

    private static readonly string[] TestedFields = ["value", "hub_config", "url"];

    private static readonly string[] PassHeaderFields =
        ["pass_headers", .. Enumerable.Range(0, PassedHeaders.Most).Select(at => string.Create(CultureInfo.InvariantCulture, $"pass_headers.{at}"))];

    private string? PassHeadersError => PassHeaderFields.Select(name => _errors[name]).FirstOrDefault(error => error is not null);

    private HashSet<string> ShownFields() =>
    [
        "name", "hub", "url", "rate_limit_per_interval", "rate_limit_interval", "guard_ms", "rate_group_id", .. PassHeaderFields, .. LimitLines.FieldsOf(_model.Limits.Count),
        .. _hub is null || _way is null ? [] : HubChoices.Secrets(_hub, _way).Select(secret => secret.Name),
        .. _hub is null || _way is null ? [] : HubChoices.PublicFields(_hub, _way).Select(field => "hub_config." + field.Name),
    ];
}
