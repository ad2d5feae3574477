using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.Audit;
using Keypace.Server.Management.Access;
using Keypace.Server.Web.Forms;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web.Pages.Audit;

/// <summary>The audit, searched and filtered, a page at a time.</summary>
public sealed partial class AuditPage
{
    private static readonly (string Word, string Name)[] _subjects =
        [("", "Everything"), ("api_key", "Keys"), ("agent", "Agents"), ("access_token", "Tokens"), ("member", "People"), ("team", "The team"), ("hub", "Hubs")];

    private List<AuditRecord> _records = [];
    private Refusal? _refusal;
    private long? _next;
    private (string Search, string About) _asked = ("", "");
    private readonly TypedSearch _search = new();

    [Inject] private AuditOperations Audit { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery(Name = "about")] private string? AboutQuery { get; set; }

    private string About => AboutQuery ?? "";

    protected override async Task OnParametersSetAsync()
    {
        _search.Arrive(Query);
        if (IsLoaded && _asked != (_search.Text, About))
            await LoadAsync();
    }

    protected override async Task LoadAsync()
    {
        var asked = _asked = (_search.Text, About);
        var answer = await ReadAsync(null);
        if (_asked == asked && answer.TryGet(out var page, out _refusal))   // else something newer was asked meanwhile
            (_records, _next) = ([.. page.Results], page.After);
    }

    protected override Task<bool> TickAsync() => Task.FromResult(true);

    private async Task MoreAsync()
    {
        if (!(await ReadAsync(_next)).TryGet(out var page, out _refusal))
            return;
        _records.AddRange(page.Results);
        _next = page.After;
    }

    private Task<Outcome<AuditList>> ReadAsync(long? after) => Me.AskAsync(caller =>
        Audit.ListAsync(AuditOperations.UsualRecords, after, _search.Text, caller, CancellationToken.None, subject: About.Length == 0 ? null : About));

    private void SearchFor(string? text)
    {
        _search.Type(text);
        Go(isTyping: true);
    }

    private void Clear()
    {
        _search.Type("");
        Go(about: "");
    }

    private void Go(string? about = null, bool isTyping = false) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
        {
            ["q"] = _search.Text.Length == 0 ? null : _search.Text,
            ["about"] = string.IsNullOrEmpty(about ?? AboutQuery) ? null : about ?? AboutQuery,
        }),
        replace: isTyping);
}
