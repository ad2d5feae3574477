using System.Runtime.CompilerServices;
using Keypace.Cli.Commands;

namespace Keypace.Cli.Running;

/// <summary>The file of questions. It is read line by line each time, never held.</summary>
internal sealed class QuestionFile(string path, Asked asked)
{
    private readonly HashSet<long> _answered = [];
    private HashSet<long>? _sample;   // places of the questions that were chosen, from 0; null: all

    public string Path { get; } = path;

    public int Count { get; private set; }

    /// <summary>The answers are JSON lines, whatever the questions are.</summary>
    public static string AnswersBeside(string path) =>
        System.IO.Path.ChangeExtension(path, ".answers" + (System.IO.Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".tsv" ? ".jsonl" : System.IO.Path.GetExtension(path)));

    /// <exception cref="CommandFailure">A line cannot be sent, two have the same id, or there is none.</exception>
    public async Task CheckAsync(CancellationToken ct)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var question in ReadAsync(ct))
        {
            Count++;
            if (question.CustomId is { } id && !ids.TryAdd(id, question.Line))
                throw CommandFailure.Usage($"Lines {ids[id]} and {question.Line} of '{Path}' have the same id. Nothing was sent.");
        }

        if (Count == 0)
            throw CommandFailure.Usage($"There is no question in '{Path}'.");
    }

    /// <summary>From now on only so many of the questions, chosen by chance; all, when there are no more. The same seed chooses the same.</summary>
    public void Sample(int count, int seed)
    {
        if (count >= Count)
            return;

        // Floyd's choice of a subset: as many draws as are wanted, each subset equally likely.
        var chance = new Random(seed);
        _sample = [];
        for (var last = Count - count; last < Count; last++)
        {
            var drawn = chance.Next(last + 1);
            _sample.Add(_sample.Contains(drawn) ? last : drawn);
        }

        Count = count;
    }

    /// <summary>Finds the answers that are there already; how many.</summary>
    public async Task<int> ClaimAsync(AnswerFile answers, CancellationToken ct)
    {
        await foreach (var question in ReadAsync(ct))
        {
            if (answers.Claim(question))
                _answered.Add(question.Line);
        }

        return _answered.Count;
    }

    public async IAsyncEnumerable<RunQuestion> LeftAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var question in ReadAsync(ct))
        {
            if (!_answered.Contains(question.Line))
                yield return question;
        }
    }

    private async IAsyncEnumerable<RunQuestion> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        FileStream file;
        try
        {
            file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"Cannot read '{Path}': {broken.Message}");
        }

        await using (file.ConfigureAwait(false))
        {
            var place = 0L;
            await foreach (var question in IsTable ? QuestionTable.ReadAsync(file, Path, asked, ct) : LinesAsync(file, ct))
            {
                if (_sample?.Contains(place++) is not false)
                    yield return question;
            }
        }
    }

    private bool IsTable => System.IO.Path.GetExtension(Path).ToLowerInvariant() is ".csv" or ".tsv";

    private async IAsyncEnumerable<RunQuestion> LinesAsync(FileStream file, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var line in ByteLines.ReadAsync(file, Path, ct))
        {
            if (!line.IsBlank)
                yield return RunQuestion.Read(line, Path, asked);
        }
    }
}
