using System.CommandLine;
using System.Globalization;
using Keypace.Cli.Output;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace usage</c> and <c>keypace audit</c>: what was asked, and what was changed.</summary>
internal static class RecordCommands
{
    public static Command Usage(Grammar grammar)
    {
        var by = new Option<string>("--by") { Description = "Sum by key, caller, agent, model, hour or day", HelpName = "WHAT", DefaultValueFactory = _ => "key" }
            .FromAmong("key", "caller", "agent", "model", "hour", "day");
        var since = Grammar.Text("--since", "From here on: 24h, 7d, 2026-11-01, Unix seconds", "WHEN");
        var until = Grammar.Text("--until", "Up to here [default: now]", "WHEN");
        var verb = new Verb("usage", "Sum queries, tokens and waiting", "keypace usage --by model --since 7d", "keypace usage --by hour --since 24h --json");
        grammar.Connected(verb);
        return grammar.Does(verb, [by, since, until], async (session, parsed, ct) =>
        {
            var clock = session.Terminal.Clock;
            var report = await session.Keypace.Usage.GetAsync(
                parsed.GetRequiredValue(by), Instant.Past(parsed.GetValue(since), "--since", clock), Instant.Past(parsed.GetValue(until), "--until", clock), ct);
            session.Screen.Show(report, Screen.Printed.UsageReport, screen => screen.Table(
                "Nothing was asked in that time.",
                [report.By.ToUpperInvariant(), "QUERIES#", "SENT#", "ERRORS#", "PROMPT TOKENS#", "COMPLETION TOKENS#", "MEAN WAIT#", "MEAN TIME#"],
                report.Results.Select(row => new[]
                {
                    row.Name ?? Group(row.By, row.Group, clock), Said.Count(row.Queries), Said.Count(row.Sent), Said.Count(row.Errors),
                    Said.Count(row.PromptTokens), Said.Count(row.CompletionTokens), Said.Mean(row.WaitedMs, row.Queries), Said.Mean(row.LatencyMs, row.Queries),
                })));
            return Exit.Done;
        });
    }

    public static Command Audit(Grammar grammar)
    {
        var limit = new Option<int?>("--limit") { Description = "At most so many records [default: 50]", HelpName = "N", DefaultValueFactory = _ => 50 };
        var after = new Option<long?>("--after") { Description = "Go on after this record, as the page before said", HelpName = "ID" };
        var verb = new Verb("audit", "Show who changed what", "keypace audit", "keypace audit --limit 200 --json");
        grammar.Connected(verb);
        return grammar.Does(verb, [limit, after], async (session, parsed, ct) =>
        {
            var page = await session.Keypace.Audit.ListAsync(parsed.GetValue(limit), parsed.GetValue(after), ct);
            session.Screen.Show(page, Screen.Printed.AuditList, screen =>
            {
                screen.Table("No records.", ["WHEN", "WHO", "DID", "TO", "FROM"], page.Results.Select(record => new[]
                {
                    Said.Second(record.At, session.Terminal.Clock), record.ActorName, record.Action,
                    $"{record.Subject} {record.SubjectName ?? record.SubjectId}".TrimEnd(), record.From,
                }));
                if (page.After is { } next)
                    screen.Note(string.Create(CultureInfo.InvariantCulture, $"There is more: keypace audit --after {next}"));
            });
            return Exit.Done;
        });
    }

    /// <summary>Hours and days come as Unix seconds and are shown in the reader's time zone.</summary>
    private static string Group(string by, string group, TimeProvider clock) =>
        by is "hour" or "day" && long.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var unixSeconds)
            ? Said.Minute(unixSeconds, clock) ?? group
            : group;
}
