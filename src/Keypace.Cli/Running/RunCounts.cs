using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Keypace.Cli.Running;

/// <summary>What a run has done so far. Counted from many tasks.</summary>
internal sealed class RunCounts(long total, long answeredBefore)
{
    private readonly ConcurrentDictionary<string, (long Count, string Example)> _causes = new(StringComparer.Ordinal);
    private long _answered;
    private long _failed;
    private long _begun;
    private long _promptTokens;
    private long _completionTokens;

    public long Total { get; } = total;

    public long AnsweredBefore { get; } = answeredBefore;

    public long Answered => Interlocked.Read(ref _answered);

    public long Failed => Interlocked.Read(ref _failed);

    public long InFlight => Interlocked.Read(ref _begun) - Answered - Failed;

    /// <summary>Not yet given to the server.</summary>
    public long Unsent => Total - AnsweredBefore - Interlocked.Read(ref _begun);

    public long Left => Total - AnsweredBefore - Answered - Failed;

    public long PromptTokens => Interlocked.Read(ref _promptTokens);

    public long CompletionTokens => Interlocked.Read(ref _completionTokens);

    public void Begin() => Interlocked.Increment(ref _begun);

    public void Fail(RunFailure failure)
    {
        Interlocked.Increment(ref _failed);
        _causes.AddOrUpdate(failure.Code, (1, failure.Sentence), static (_, cause) => (cause.Count + 1, cause.Example));
    }

    /// <summary>Failures by code, the most frequent first, each with what the first of them said.</summary>
    public IReadOnlyList<(string Code, long Count, string Example)> Causes =>
        [.. _causes.Select(cause => (cause.Key, cause.Value.Count, cause.Value.Example)).OrderByDescending(cause => cause.Count).ThenBy(cause => cause.Key, StringComparer.Ordinal)];

    public void Answer(JsonElement body)
    {
        Interlocked.Increment(ref _answered);
        if (body.ValueKind == JsonValueKind.Object && body.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            Interlocked.Add(ref _promptTokens, Number(usage, "prompt_tokens") ?? Number(usage, "input_tokens") ?? 0);
            Interlocked.Add(ref _completionTokens, Number(usage, "completion_tokens") ?? Number(usage, "output_tokens") ?? 0);
        }
    }

    /// <summary>One line for a person who waits.</summary>
    public string Line(TimeSpan? left) => string.Create(
        CultureInfo.InvariantCulture,
        $"{AnsweredBefore + Answered:N0} of {Total:N0} answered{(Failed > 0 ? $", {Failed:N0} failed" : "")}, {InFlight:N0} under way{(left is { } time ? $", about {Span(time)} to go" : "")}");

    /// <summary>A span as people say it: 42 s, 3 min 20 s, 2 h 05 min.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, span.TotalSeconds):0.0} s"),
        { TotalSeconds: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds:00} s"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours} h {span.Minutes:00} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalDays} d {span.Hours} h"),
    };

    private static long? Number(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number) ? number : null;
}
