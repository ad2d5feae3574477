using System.Runtime.CompilerServices;
using Keypace.Cli.Commands;

namespace Keypace.Cli.Running;

/// <summary>The file of questions. It is read line by line each time, never held.</summary>
internal sealed class QuestionFile(string path, Asked asked)
{
    private readonly HashSet<long> _answered = [];

    public string Path { get; } = path;

    public int Count { get; private set; }

    public static string AnswersBeside(string path) => System.IO.Path.ChangeExtension(path, ".answers" + System.IO.Path.GetExtension(path));

    /// <exception cref="CommandFailure">A line cannot be sent, two have the same id, or there is none.</exception>
    public async Task CheckAsync(CancellationToken ct)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        await foreach (var question in ReadAsync(ct))
        {
            Count++;
            if (question.CustomId is { } id && !ids.TryAdd(id, question.Line))
            {
                throw CommandFailure.Usage($"Lines {ids[id]} and {question.Line} of '{Path}' have the same id. Nothing was sent.");
            }
        }

        if (Count == 0)
        {
            throw CommandFailure.Usage($"There is no question in '{Path}'.");
        }
    }

    /// <summary>Finds the answers that are there already; how many.</summary>
    public async Task<int> ClaimAsync(AnswerFile answers, CancellationToken ct)
    {
        await foreach (var question in ReadAsync(ct))
        {
            if (answers.Claim(question))
            {
                _answered.Add(question.Line);
            }
        }

        return _answered.Count;
    }

    public async IAsyncEnumerable<RunQuestion> LeftAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var question in ReadAsync(ct))
        {
            if (!_answered.Contains(question.Line))
            {
                yield return question;
            }
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
            await foreach (var line in ByteLines.ReadAsync(file, Path, ct))
            {
                if (!line.IsBlank)
                {
                    yield return RunQuestion.Read(line, Path, asked);
                }
            }
        }
    }
}
