using System.Globalization;
using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>What the dialog's fields hold, secrets excepted: those stay in the browser. Texts as typed, so that nothing is lost or bent.</summary>
public sealed class KeyForm
{
    public string Name { get; set; } = "";

    public string Hub { get; set; } = "";

    public string Url { get; set; } = "";

    public string Requests { get; set; } = "";

    public string Seconds { get; set; } = "";

    /// <summary>Which of the hub's kinds of credential; 0 is the ordinary one.</summary>
    public int Way { get; set; }

    public string Pacing { get; set; } = "auto";

    public string GuardMs { get; set; } = "";

    /// <summary>Beside the rate limit.</summary>
    public List<LimitLine> Limits { get; } = [];

    /// <summary>Names of callers' headers that pass to the hub, with spaces or commas between.</summary>
    public string PassHeaders { get; set; } = "";

    /// <summary>The id of the rate group, or <c>own</c>.</summary>
    public string RateGroup { get; set; } = "";

    public Dictionary<string, string> Config { get; } = new(StringComparer.Ordinal);

    public static KeyForm Of(ApiKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var form = new KeyForm
        {
            Name = key.Name,
            Hub = key.Hub,
            Url = key.Url ?? "",
            Requests = key.RateLimitPerInterval.ToString(CultureInfo.InvariantCulture),
            Seconds = key.RateLimitInterval.ToString(CultureInfo.InvariantCulture),
            Pacing = key.Pacing,
            GuardMs = key.GuardMs?.ToString(CultureInfo.InvariantCulture) ?? "",
            PassHeaders = string.Join(", ", key.PassHeaders ?? []),
            RateGroup = key.RateGroupId ?? "",
        };
        form.Limits.AddRange((key.Limits ?? []).Select(LimitLine.Of));
        foreach (var (name, value) in key.HubConfig ?? new Dictionary<string, string?>())
            form.Config[name] = value ?? "";
        return form;
    }

    /// <param name="draft">Fields by their names in the request, as the browser kept them.</param>
    /// <param name="before">What the form began with: what it did not show is as it was there.</param>
    public static KeyForm OfDraft(IReadOnlyDictionary<string, string> draft, KeyForm before)
    {
        string Text(string name, string otherwise = "") => draft.GetValueOrDefault(name, otherwise);
        var form = new KeyForm
        {
            Name = Text("name", before.Name),
            Hub = Text("hub", before.Hub),
            Url = Text("url", before.Url),
            Requests = Text("rate_limit_per_interval", before.Requests),
            Seconds = Text("rate_limit_interval", before.Seconds),
            Way = int.TryParse(Text("way"), NumberStyles.None, CultureInfo.InvariantCulture, out var way) ? way : 0,
            Pacing = Text("pacing", before.Pacing),
            GuardMs = Text("guard_ms", before.GuardMs),
            PassHeaders = Text("pass_headers", before.PassHeaders),
            RateGroup = Text("rate_group_id", before.RateGroup),
        };
        for (var line = 0; draft.ContainsKey($"limits.{line}.limit"); line++)
            form.Limits.Add(LimitLine.OfDraft(draft, line, before.Limits.ElementAtOrDefault(line)));
        foreach (var (name, value) in before.Config)
            form.Config[name] = value;
        foreach (var (name, value) in draft.Where(field => field.Key.StartsWith("hub_config.", StringComparison.Ordinal)))
            form.Config[name["hub_config.".Length..]] = value;
        return form;
    }

    /// <summary>The request's members that differ from what the form began with.</summary>
    public IReadOnlyList<string> ChangedSince(KeyForm before)
    {
        var changed = new List<string>();
        if (Name != before.Name)
            changed.Add("name");
        if (Url != before.Url)
            changed.Add("url");
        if (Requests != before.Requests)
            changed.Add("rate_limit_per_interval");
        if (Seconds != before.Seconds)
            changed.Add("rate_limit_interval");
        if (Pacing != before.Pacing)
            changed.Add("pacing");
        if (GuardMs != before.GuardMs)
            changed.Add("guard_ms");
        if (!Limits.SequenceEqual(before.Limits))
            changed.Add("limits");
        if (PassHeaders != before.PassHeaders)
            changed.Add("pass_headers");
        if (RateGroup != before.RateGroup)
            changed.Add("rate_group_id");
        if (Config.Any(field => before.Config.GetValueOrDefault(field.Key, "") != field.Value))
            changed.Add("hub_config");
        return changed;
    }

    /// <summary>For the table of differences: what a field of the form is called, and what it says.</summary>
    public IEnumerable<(string Label, string Value)> Shown() =>
    [
        ("Name", Name),
        ("Limit", $"{Requests} / {Seconds} s"),
        ("Base URL", Url.Length == 0 ? "the hub's own" : Url),
        ("Pacing", Pacing),
        ("Guard", GuardMs.Length == 0 ? "the server's" : GuardMs + " ms"),
        ("Further limits", Limits.Count == 0 ? "none" : string.Join(", ", Limits.Select(line => line.Text))),
        ("Headers that pass", PassHeaders.Length == 0 ? "the usual" : PassHeaders),
        ("Rate group", RateGroup),
        .. Config.Where(field => !field.Key.StartsWith("display_", StringComparison.Ordinal)).Select(field => (field.Key, field.Value)),
    ];
}
