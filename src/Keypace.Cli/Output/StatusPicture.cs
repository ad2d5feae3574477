using System.Globalization;
using System.Text;
using Keypace.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Keypace.Cli.Output;

/// <summary>A key's status as a picture for a terminal.</summary>
internal static class StatusPicture
{
    private const string Levels = " ▁▂▃▄▅▆▇█";
    private const int MostCallers = 8;

    public static IRenderable Of(ApiKeyStatus now, Terminal terminal)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        void Row(string label, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                grid.AddRow(new Text(PlainText.Of(label).ReplaceLineEndings(" "), new Style(decoration: Decoration.Dim)), new Text(PlainText.Of(value).ReplaceLineEndings(" ")));
        }

        Row("key", now.Name);
        Row("used", $"{Bar(now.UsedNow, now.EffectiveLimit, 30)} {Said.Count(now.UsedNow)} of {Said.Limit(now.EffectiveLimit, now.RateLimitInterval)}");
        Row("waiting", Said.Count(now.Waiting));
        Row("binding", now.Binding ?? "nothing: a query would go now");
        Row("next free", Said.Second(now.NextFreeAt, terminal.Clock) ?? "now");
        Row("pacing", now.PacingWhy ?? now.PacingNow);
        Row("paused", now.PausedUntil is null ? null : $"until {Said.Second(now.PausedUntil, terminal.Clock)}: {now.PausedWhy}");
        Row("restart", now.UnknownPastUntil is null ? null : $"waits out what may have been sent before, until {Said.Second(now.UnknownPastUntil, terminal.Clock)}");
        foreach (var limit in now.Limits ?? [])
        {
            Row(limit.Dimension, $"{Bar(limit.Used, limit.Limit, 30)} {Said.Count(limit.Used)} of {PacingText.Said(new ApiKeyLimit(limit.Dimension, limit.Limit, limit.IntervalSeconds, limit.CalendarZone, limit.Model))}");
        }

        foreach (var (caller, line) in Lines(now.History, Math.Max(20, terminal.Width - 30)))
            Row(caller, line);

        foreach (var caller in now.WaitingByCaller.Take(MostCallers))
        {
            Row("in line", $"{(caller.Caller.Length > 0 ? caller.Caller : caller.Token)}: {Said.Count(caller.Waiting)}, first at place {Said.Count(caller.FirstPosition + 1)}, {Said.Second(caller.ExpectedStart, terminal.Clock) ?? "start unknown"}");
        }

        foreach (var one in (now.Events ?? []).Take(3))
            Row(Said.Second(one.At, terminal.Clock) ?? "", $"{one.Kind.Replace('_', ' ')}{Change(one)}: {one.Cause}");

        return grid;
    }

    private static string Change(PacingEvent one) => (one.Before, one.After) switch
    {
        ({ } before, { } after) => string.Create(CultureInfo.InvariantCulture, $" {before} → {after}"),
        (null, { } after) => string.Create(CultureInfo.InvariantCulture, $" {after}"),
        _ => "",
    };

    private static string Bar(long used, long limit, int width)
    {
        var full = limit <= 0 ? 0 : (int)Math.Min(width, Math.Max(0, used) * width / limit);
        return new string('█', full) + new string('░', width - full);
    }

    /// <summary>The last three intervals, one line a caller.</summary>
    private static IEnumerable<(string Caller, string Line)> Lines(SendHistory? history, int width)
    {
        if (history is null || history.Callers.Count == 0)
            yield break;

        var per = Math.Max(1, (history.Sends.Count + width - 1) / width);
        var columns = history.Sends.Chunk(per).ToArray();
        var most = Math.Max(1, columns.Max(column => Enumerable.Range(0, history.Callers.Count).Max(caller => column.Sum(row => row[caller]))));
        for (var caller = 0; caller < Math.Min(MostCallers, history.Callers.Count); caller++)
        {
            var line = new StringBuilder();
            foreach (var column in columns)
            {
                var sends = column.Sum(row => row[caller]);
                line.Append(Levels[sends == 0 ? 0 : Math.Max(1, sends * (Levels.Length - 1) / most)]);
            }

            yield return (history.Callers[caller], line.ToString());
        }
    }
}
