using System.Globalization;
using System.Net;
using System.Text;
using Keypace.Contracts;
using Keypace.Server.Web.Figures;

namespace Keypace.Server.Web.Pictures;

/// <summary>Where things stand in one drawing, in its own units.</summary>
/// <param name="Intervals">How many intervals back it shows.</param>
/// <param name="NowX">"Now" stays here; time flows left past it.</param>
/// <param name="IsFull">True with the upper half: the window against the limit.</param>
internal sealed record PlotFrame(int Intervals, double Left, double NowX, double Right, double Top, double Zero, double BarsTop, double BarsZero, bool IsFull);

internal readonly record struct PlotBand(string Css, string X, string Y, string Width, string Height);

internal readonly record struct PlotPath(string Css, string D);

/// <summary>A key's status as lines and areas. Pure: the same status gives the same drawing.</summary>
internal sealed class LimitPlot
{
    private const int BucketsPerInterval = 60;
    private const int Colours = 4;

    private readonly List<PlotBand> _bands = [];
    private readonly List<PlotPath> _paths = [];
    private readonly List<string> _labels = [];

    public IReadOnlyList<PlotBand> Bands => _bands;

    public IReadOnlyList<PlotPath> Paths => _paths;

    /// <summary>Finished SVG texts; what came from outside is encoded in them.</summary>
    public IReadOnlyList<string> Labels => _labels;

    /// <param name="now">Unix seconds with fraction.</param>
    public static LimitPlot Of(ApiKeyStatus status, double now, PlotFrame frame)
    {
        ArgumentNullException.ThrowIfNull(status);
        var plot = new LimitPlot();
        var past = SendPast.Of(status, frame.Intervals);
        var step = (frame.NowX - frame.Left) / past.Totals.Length;
        var coming = past.Coming(status, now);
        plot.DrawBands(status, now, frame, step * BucketsPerInterval / status.RateLimitInterval, past);
        if (frame.IsFull)
            plot.DrawWindow(status, now, frame, step, past, coming);
        plot.DrawBars(status, frame, step, past, coming);
        plot.DrawAxis(status, now, frame);
        return plot;
    }

    private void DrawBands(ApiKeyStatus status, double now, PlotFrame frame, double perSecond, SendPast past)
    {
        var interval = status.RateLimitInterval * perSecond;
        var top = frame.IsFull ? 36.0 : 30.0;
        Band("p-current", frame.NowX - interval, top, interval, frame.BarsZero - top);
        if (status.PausedUntil is { } until && until > now)
        {
            var began = status.Events?.FirstOrDefault(one => one.Kind == "paused")?.At ?? now;
            var from = Math.Max(frame.Left, frame.NowX - (now - began) * perSecond);
            var to = Math.Min(frame.Right, frame.NowX + (until - now) * perSecond);
            Band("p-pause", from, top, to - from, frame.BarsZero - top);
            Label("p-warn", Math.Min(to, frame.Right - 30), frame.BarsZero + 14, $"+{Math.Ceiling(until - now):0} s", "middle");
        }

        for (var window = 0; window < frame.Intervals; window++)
        {
            var right = frame.NowX - window * interval;
            var sent = past.Sent(window);
            var isCurrent = window == 0;
            Path(isCurrent ? "p-bracket now" : "p-bracket", $"M{F(right - interval + 1)} {F(top)}v-6H{F(right - 1)}v6");
            Label(isCurrent ? "p-strong" : "p-muted", right - interval / 2, top - 12,
                isCurrent ? $"{Said.Count(sent)} in the last {status.RateLimitInterval} s" : $"{Said.Count(sent)} sent", "middle");
        }

        if (status.Waiting > 0)
            Label("p-muted", (frame.NowX + frame.Right) / 2, top - 12, "next starts", "middle");
    }

    private void DrawWindow(ApiKeyStatus status, double now, PlotFrame frame, double step, SendPast past, IReadOnlyList<int> coming)
    {
        var limits = LimitSteps(status);
        var top = Math.Max(1, Math.Max(limits.Max(one => one.Limit), past.Windows.Count == 0 ? 0 : past.Windows.Max()));
        double Y(double count) => frame.Zero - (frame.Zero - frame.Top) * count / top;
        foreach (var share in (ReadOnlySpan<double>)[0, 1.0 / 3, 2.0 / 3])
        {
            Path("p-grid", $"M{F(frame.Left)} {F(Y(top * share))}H{F(frame.Right)}");
            Label("p-faint", frame.Left - 8, Y(top * share) + 4, Said.Count((long)Math.Round(top * share)), "end");
        }

        // Known from one interval after the oldest bucket on: before that, part of the window is out of sight.
        var area = new StringBuilder();
        for (var i = 0; i < past.Windows.Count; i++)
        {
            var x = frame.NowX - (past.Windows.Count - 1 - i) * step;
            area.Append(i == 0 ? 'M' : 'L').Append(F(x)).Append(' ').Append(F(Y(past.Windows[i])));
        }

        if (past.Windows.Count > 1)
        {
            var first = frame.NowX - (past.Windows.Count - 1) * step;
            Path("p-area", $"{area}L{F(frame.NowX)} {F(frame.Zero)}L{F(first)} {F(frame.Zero)}Z");
            Path("p-line", area.ToString());
        }

        var perSecond = step * BucketsPerInterval / status.RateLimitInterval;
        var line = new StringBuilder();
        foreach (var (at, limit) in limits)
        {
            var x = at is null ? frame.Left : Math.Clamp(frame.NowX - (now - at.Value) * perSecond, frame.Left, frame.NowX);
            line.Append(line.Length == 0 ? 'M' : 'H').Append(F(x));
            line.Append(line.Length == 0 || at is null ? " " : "V").Append(F(Y(limit)));
        }

        Path("p-limit", $"{line}H{F(frame.Right)}");
        Label("p-strong", frame.Left - 8, Y(status.EffectiveLimit) + 4, Said.Count(status.EffectiveLimit), "end");
        Label("p-muted", frame.Left + 4, frame.Top - 6, $"limit: {Said.LimitInProse(status.EffectiveLimit, status.RateLimitInterval)}", "start");
        if (past.IsEmpty)
            Label("p-muted", (frame.Left + frame.NowX) / 2, (frame.Top + frame.Zero) / 2, $"No sends in the last {Span((long)frame.Intervals * status.RateLimitInterval)}", "middle");
        else
            Label("p-muted", frame.Left + 4, frame.Zero - 6, $"sends in the {status.RateLimitInterval} s before each moment", "start");
        DrawQueue(status, frame, step, coming);
    }

    /// <summary>How the line empties, on a scale of its own: it begins at half the height.</summary>
    private void DrawQueue(ApiKeyStatus status, PlotFrame frame, double step, IReadOnlyList<int> coming)
    {
        if (status.Waiting == 0)
            return;
        var height = (frame.Zero - frame.Top) / 3;
        double Y(double left) => frame.Zero - height * left / status.Waiting;
        var queue = new StringBuilder($"M{F(frame.NowX)} {F(Y(status.Waiting))}");
        var left = status.Waiting;
        for (var i = 0; i < coming.Count && frame.NowX + (i + 1) * step <= frame.Right; i++)
        {
            left -= coming[i];
            queue.Append('L').Append(F(frame.NowX + (i + 1) * step)).Append(' ').Append(F(Y(left)));
            if (left <= 0)
                break;
        }

        Path("p-queue", queue.ToString());
        Label("p-strong", frame.NowX + 8, frame.Zero - height - 10, $"{Said.Count(status.Waiting)} waiting", "start");
    }

    private void DrawBars(ApiKeyStatus status, PlotFrame frame, double step, SendPast past, IReadOnlyList<int> coming)
    {
        var most = Math.Max(1, Math.Max(past.Totals.Length == 0 ? 0 : past.Totals.Max(), coming.Count == 0 ? 0 : coming.Max()));
        var perBucket = status.RateLimitInterval / (double)BucketsPerInterval;
        double Height(double count) => (frame.BarsZero - frame.BarsTop) * count / most;
        Path("p-grid", $"M{F(frame.Left)} {F(frame.BarsZero)}H{F(frame.Right)}M{F(frame.Left)} {F(frame.BarsTop)}H{F(frame.Right)}");
        Label("p-faint", frame.Left - 8, frame.BarsZero + 4, "0", "end");
        Label("p-faint", frame.Left - 8, frame.BarsTop + 4, Said.Count(most), "end");
        if (frame.IsFull)
            Label("p-muted", frame.Left + 4, frame.BarsTop - 8, $"sends in each {Rate(perBucket)} s, by caller", "start");

        var width = Math.Max(0.6, step - (step > 2 ? 0.6 : 0.2));
        var drawn = new StringBuilder[Math.Max(1, Math.Min(Colours, past.Callers.Count))];
        for (var caller = 0; caller < drawn.Length; caller++)
            drawn[caller] = new StringBuilder();
        for (var i = 0; i < past.Totals.Length; i++)
        {
            var (x, y) = (frame.Left + i * step, frame.BarsZero);
            for (var caller = 0; caller < past.Callers.Count; caller++)
            {
                if (past.At(i, caller) is var sent and > 0)
                {
                    var height = Height(sent);
                    y -= height;
                    drawn[caller % Colours].Append(CultureInfo.InvariantCulture, $"M{F(x)} {F(y)}h{F(width)}v{F(height)}h-{F(width)}z");
                }
            }
        }

        for (var caller = 0; caller < drawn.Length; caller++)
        {
            if (drawn[caller].Length > 0)
                Path($"p-c{caller + 1}", drawn[caller].ToString());
        }

        var next = new StringBuilder();
        for (var i = 0; i < coming.Count && frame.NowX + (i + 1) * step <= frame.Right; i++)
        {
            if (coming[i] > 0)
                next.Append(CultureInfo.InvariantCulture, $"M{F(frame.NowX + i * step)} {F(frame.BarsZero)}v-{F(Height(coming[i]))}h{F(width)}V{F(frame.BarsZero)}z");
        }

        if (next.Length > 0)
            Path("p-next", next.ToString());
        if (status.PacingNow == "smooth")
        {
            var y = frame.BarsZero - Height(Math.Min(most, status.EffectiveLimit / (double)BucketsPerInterval));
            Path("p-allowance", $"M{F(frame.Left)} {F(y)}H{F(frame.Right)}");
        }
    }

    private void DrawAxis(ApiKeyStatus status, double now, PlotFrame frame)
    {
        var top = frame.IsFull ? 30.0 : 24.0;
        Path("p-now", $"M{F(frame.NowX)} {F(top)}V{F(frame.BarsZero + 2)}");
        var interval = (frame.NowX - frame.Left) / frame.Intervals;
        for (var back = 1; back <= frame.Intervals; back++)
            Label("p-faint", frame.NowX - back * interval, frame.BarsZero + 16, $"−{Span((long)back * status.RateLimitInterval)}", back == frame.Intervals ? "start" : "middle");
        Label("p-now-text", frame.NowX, frame.BarsZero + 16, "now", "middle");
        if (status.PausedUntil is null || status.PausedUntil <= now)
            Label("p-faint", frame.Right, frame.BarsZero + 16, $"+{Span((long)Math.Round((frame.Right - frame.NowX) / interval * status.RateLimitInterval))}", "end");
    }

    /// <summary>The limits that ruled in the time shown, oldest first; the first from ever on.</summary>
    private static List<(double? At, double Limit)> LimitSteps(ApiKeyStatus status)
    {
        var changes = (status.Events ?? []).Where(one => one.Kind is "limit_lowered" or "limit_raised" && one is { Before: not null, After: not null })
            .OrderBy(one => one.At).ToList();
        var steps = new List<(double?, double)> { (null, changes.Count > 0 ? changes[0].Before!.Value : status.EffectiveLimit) };
        steps.AddRange(changes.Select(change => ((double?)change.At, change.After!.Value)));
        return steps;
    }

    private void Band(string css, double x, double y, double width, double height)
    {
        if (width > 0)
            _bands.Add(new PlotBand(css, F(x), F(y), F(width), F(height)));
    }

    private void Path(string css, string d) => _paths.Add(new PlotPath(css, d));

    private void Label(string css, double x, double y, string text, string anchor) =>
        _labels.Add($"<text class=\"{css}\" x=\"{F(x)}\" y=\"{F(y)}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    private static string Rate(double seconds) => seconds.ToString(seconds >= 10 ? "0" : "0.##", CultureInfo.InvariantCulture);

    private static string Span(long seconds) => seconds < 600 ? $"{seconds} s" : seconds < 36_000 ? $"{seconds / 60} min" : $"{seconds / 3600} h";

    private static string F(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
