using Keypace.Cli.Output;

namespace Keypace.Cli.Running;

/// <summary>How a run went: figures, and the failures by cause.</summary>
internal static class RunSummary
{
    private const int LongestExample = 160;

    public static void Show(Screen screen, RunCounts counts, string answers, string failures, TimeSpan took) => screen.Show(
        json =>
        {
            json.WriteStartObject();
            json.WriteNumber("questions", counts.Total);
            json.WriteNumber("answered_before", counts.AnsweredBefore);
            json.WriteNumber("answered", counts.Answered);
            json.WriteNumber("failed", counts.Failed);
            json.WriteNumber("left", counts.Left);
            json.WriteNumber("seconds", Math.Round(took.TotalSeconds, 3));
            json.WriteNumber("prompt_tokens", counts.PromptTokens);
            json.WriteNumber("completion_tokens", counts.CompletionTokens);
            json.WriteString("answers", answers);
            json.WriteString("failures", counts.Failed > 0 ? failures : null);
            json.WriteStartArray("causes");
            foreach (var (code, count, example) in counts.Causes)
            {
                json.WriteStartObject();
                json.WriteString("code", code);
                json.WriteNumber("questions", count);
                json.WriteString("example", example);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        },
        _ => ShowToPerson(screen, counts, answers, failures, took));

    private static void ShowToPerson(Screen screen, RunCounts counts, string answers, string failures, TimeSpan took)
    {
        screen.Facts(
            ("answered", $"{Said.Count(counts.Answered)}{(counts.AnsweredBefore > 0 ? $", and {Said.Count(counts.AnsweredBefore)} before" : "")}"),
            ("failed", counts.Failed > 0 ? $"{Said.Count(counts.Failed)}, see {failures}" : null),
            ("not asked", counts.Left > 0 ? $"{Said.Count(counts.Left)}; go on with the same command" : null),
            ("took", RunCounts.Span(took)),
            ("tokens", counts.PromptTokens + counts.CompletionTokens > 0 ? $"{Said.Count(counts.PromptTokens)} read, {Said.Count(counts.CompletionTokens)} written" : null),
            ("answers", answers));
        if (counts.Failed > 0)
        {
            screen.Line("");
            screen.Table(
                "",
                ["FAILED", "CAUSE", "FOR EXAMPLE"],
                counts.Causes.Select(cause => new[] { Said.Count(cause.Count), cause.Code, cause.Example.Length > LongestExample ? cause.Example[..LongestExample] + "…" : cause.Example }));
        }
    }
}
