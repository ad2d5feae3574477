using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Features.Audit;
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
    private string _asked = "";

    [Inject] private AuditOperations Audit { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery(Name = "about")] private string? AboutQuery { get; set; }

    private string About => AboutQuery ?? "";

    protected override async Task OnParametersSetAsync()
    {
        if (IsLoaded && _asked != $"{About}\n{Query}")
            await LoadAsync();
    }

    protected override async Task LoadAsync()
    {
        _asked = $"{About}\n{Query}";
        if ((await ReadAsync(null)).TryGet(out var page, out _refusal))
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

    private Task<Outcome<AuditList>> ReadAsync(long? after) => Me.AskAsync(Need.ReadTeam, caller =>
        Audit.ListAsync(AuditOperations.UsualRecords, after, Query, caller, CancellationToken.None, subject: About.Length == 0 ? null : About));

    private void Go(string? search = null, string? about = null) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
        {
            ["q"] = string.IsNullOrEmpty(search ?? Query) ? null : search ?? Query,
            ["about"] = string.IsNullOrEmpty(about ?? AboutQuery) ? null : about ?? AboutQuery,
        }),
        replace: search is not null);
}
