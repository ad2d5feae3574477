using System.Globalization;
using Keypace.Contracts;
using Keypace.Server.Web.Forms;

namespace Keypace.Server.Web.Pages.Keys;

/// <summary>One limit beside the rate limit, as it is typed: a text that is no number goes to the route as it is, and is refused in its words.</summary>
/// <param name="Zone">IANA zone of a limit that counts by calendar days; kept, not edited here.</param>
public sealed record LimitLine(string Dimension, string Limit, string Seconds, string Model, string? Zone = null)
{
    public static readonly IReadOnlyList<(string Word, string Name)> Dimensions =
    [
        ("tokens", "Tokens"), ("input_tokens", "Tokens in"), ("output_tokens", "Tokens out"), ("requests", "Requests"), ("concurrent", "Under way at once"),
    ];

    public static LimitLine New { get; } = new("tokens", "", "60", "");

    public bool HasInterval => Dimension != "concurrent" && Zone is null;

    /// <summary>For the table of differences.</summary>
    public string Text =>
        $"{Limit} {Dimensions.FirstOrDefault(one => one.Word == Dimension).Name?.ToLowerInvariant()}"
        + (Zone is not null ? $" a day in {Zone}" : HasInterval ? $" / {Seconds} s" : "")
        + (Model.Length > 0 ? $" for {Model}" : "");

    public static LimitLine Of(ApiKeyLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return new LimitLine(
            limit.Dimension,
            limit.Limit.ToString(CultureInfo.InvariantCulture),
            limit.IntervalSeconds?.ToString(CultureInfo.InvariantCulture) ?? "",
            limit.Model ?? "",
            limit.CalendarZone);
    }

    /// <param name="draft">Fields by their names in the form, as the browser kept them.</param>
    /// <param name="before">What stood in this line when the form began; null when nothing did.</param>
    public static LimitLine OfDraft(IReadOnlyDictionary<string, string> draft, int line, LimitLine? before)
    {
        ArgumentNullException.ThrowIfNull(draft);
        string Text(string name) => draft.GetValueOrDefault($"limits.{line}.{name}", "");
        var isByDay = before?.Zone is not null && before.Dimension == Text("dimension") && Text("interval_seconds").Length == 0;
        return new LimitLine(Text("dimension"), Text("limit"), Text("interval_seconds"), Text("model"), isByDay ? before!.Zone : null);
    }

    /// <summary>As the route takes it.</summary>
    public Dictionary<string, object> ToWire()
    {
        var wire = new Dictionary<string, object> { ["dimension"] = Dimension, ["limit"] = TypedNumber.OrText(Limit) };
        if (HasInterval && Seconds.Trim().Length > 0)
            wire["interval_seconds"] = TypedNumber.OrText(Seconds);
        if (Zone is not null)
            wire["calendar_zone"] = Zone;
        if (Model.Trim().Length > 0)
            wire["model"] = Model.Trim();
        return wire;
    }
}
