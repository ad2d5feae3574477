using System.Globalization;
using System.Text;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Access;
using Keypace.Server.Web.Pictures;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Keypace.Server.Web.Pages.Usage;

/// <summary>What was used, summed as the route sums it. What is asked is in the URL.</summary>
public sealed partial class UsagePage
{
    private const int TicksBetweenReads = 10;

    private static readonly (string Word, string Name)[] _groupings = [("key", "Key"), ("agent", "Agent"), ("caller", "Caller"), ("model", "Model"), ("hour", "Hour"), ("day", "Day")];
    private static readonly (int Days, string Name)[] _spans = [(1, "24 hours"), (7, "7 days"), (30, "30 days"), (90, "90 days"), (366, "a year")];
    private static readonly (string Word, string Name)[] _columns =
        [("queries", "Queries"), ("errors", "Failed"), ("in", "Tokens in"), ("out", "Tokens out"), ("waited", "Waited"), ("latency", "Latency")];

    private UsageReport? _report;
    private IReadOnlyList<UsageRow> _rows = [];
    private double[] _plotted = [];
    private string[] _plotLabels = [];
    private Refusal? _refusal;
    private string _asked = "";
    private int _ticks;

    [Inject] private UsageOperations Usage { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "by")] private string? ByQuery { get; set; }

    [SupplyParameterFromQuery(Name = "days")] private int? DaysQuery { get; set; }

    [SupplyParameterFromQuery(Name = "sort")] private string? SortQuery { get; set; }

    private string By => _groupings.Any(pair => pair.Word == ByQuery) ? ByQuery! : "key";

    private int Days => _spans.Any(pair => pair.Days == DaysQuery) ? DaysQuery!.Value : 1;

    private string Sort => SortQuery ?? "";

    private bool IsTime => By is "hour" or "day";

    protected override async Task OnParametersSetAsync()
    {
        if (IsLoaded && _asked != $"{By} {Days}")
            await LoadAsync();
        else
            Arrange();
    }

    protected override async Task LoadAsync()
    {
        _asked = $"{By} {Days}";
        var until = Time.GetUtcNow().ToUnixTimeSeconds() + 1;
        var asked = new UsageQuestion(By, until - Days * 86_400L, until);
        if ((await Me.AskAsync(caller => Usage.SumAsync(asked, caller, CancellationToken.None))).TryGet(out var report, out _refusal))
            _report = report;
        Arrange();
    }

    protected override async Task<bool> TickAsync()
    {
        if (++_ticks % TicksBetweenReads != 0)
            return false;
        await LoadAsync();
        return true;
    }

    private void Arrange()
    {
        if (_report is null)
            return;
        _rows = Sort switch
        {
            "queries" => [.. _report.Results.OrderByDescending(row => row.Queries)],
            "errors" => [.. _report.Results.OrderByDescending(row => row.Errors)],
            "in" => [.. _report.Results.OrderByDescending(row => row.PromptTokens)],
            "out" => [.. _report.Results.OrderByDescending(row => row.CompletionTokens)],
            "waited" => [.. _report.Results.OrderByDescending(row => (double)row.WaitedMs / Math.Max(1, row.Queries))],
            "latency" => [.. _report.Results.OrderByDescending(row => (double)(row.LatencyMs - row.WaitedMs) / Math.Max(1, row.Queries))],
            _ => IsTime ? [.. _report.Results.Reverse()] : _report.Results,
        };
        if (IsTime)
            Plot(_report);
    }

    /// <summary>Hours and days without a query are there too, as nothing.</summary>
    private void Plot(UsageReport report)
    {
        var step = By == "hour" ? 3600L : 86_400L;
        var first = report.Since / step;
        // A year of hours would be thinner than a pixel each: the newest week of them is drawn.
        var count = (int)Math.Min((report.Until - 1) / step - first + 1, By == "hour" ? 7 * 24 : 366);
        first = (report.Until - 1) / step - count + 1;
        _plotted = new double[count];
        foreach (var row in report.Results)
        {
            var at = DateTimeOffset.Parse(row.Group, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds() / step;
            if (at >= first && at - first < count)
                _plotted[at - first] = row.Queries;
        }

        var unit = By == "hour" ? "h" : "d";
        _plotLabels = [$"{count} {unit} ago", $"{count * 3 / 4} {unit}", $"{count / 2} {unit}", $"{count / 4} {unit}", "now"];
    }

    private string Share(UsageRow row) => string.Create(
        CultureInfo.InvariantCulture, $"{100.0 * row.Queries / Math.Max(1, _report!.Results.Max(one => one.Queries)):0.##}%");

    private void Go(string? by = null, string? days = null, string? sort = null) => Navigation.NavigateTo(
        Navigation.GetUriWithQueryParameters(new Dictionary<string, object?>
        {
            ["by"] = by ?? ByQuery,
            ["days"] = days ?? DaysQuery?.ToString(CultureInfo.InvariantCulture),
            ["sort"] = sort is null ? SortQuery : sort == Sort ? null : sort,
        }));

    private async Task DownloadAsync()
    {
        if (_report is { } report)
            await Js.InvokeVoidAsync("keypace.download", $"keypace-usage-{By}-{Days}d.csv", "text/csv;charset=utf-8", UsageCsv.Of(report));
    }
}

/// <summary>A report as comma-separated values.</summary>
internal static class UsageCsv
{
    public static string Of(UsageReport report)
    {
        var text = new StringBuilder(report.By).Append(",name,queries,sent,errors,prompt_tokens,completion_tokens,total_tokens,waited_ms,latency_ms\r\n");
        foreach (var row in report.Results)
        {
            text.Append(Cell(row.Group)).Append(',').Append(Cell(row.Name ?? "")).Append(CultureInfo.InvariantCulture,
                $",{row.Queries},{row.Sent},{row.Errors},{row.PromptTokens},{row.CompletionTokens},{row.TotalTokens},{row.WaitedMs},{row.LatencyMs}\r\n");
        }

        return text.ToString();
    }

    /// <summary>Always quoted; a name that a spreadsheet would run as a formula gets an apostrophe in front.</summary>
    private static string Cell(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
