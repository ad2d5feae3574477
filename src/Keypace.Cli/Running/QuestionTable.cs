using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Keypace.Cli.Commands;

namespace Keypace.Cli.Running;

/// <summary>Questions in a CSV with a head: <c>prompt</c>, and where wanted <c>system</c>, <c>model</c> and <c>id</c> or <c>custom_id</c>. Other columns are the reader's own and are not sent.</summary>
internal static class QuestionTable
{
    /// <exception cref="CommandFailure">The head lacks the prompt, a row has none, or the file is no CSV. Says which line, and repeats nothing of it.</exception>
    public static async IAsyncEnumerable<RunQuestion> ReadAsync(Stream file, string name, Asked asked, [EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = new StreamReader(file, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024, leaveOpen: true);
        using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture) { DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t"] }, leaveOpen: true);
        var head = await NextAsync(parser, name) ? parser.Record!.Select(column => column.Trim().ToLowerInvariant()).ToArray() : [];
        int Column(params string[] names) => Array.FindIndex(head, column => names.Contains(column, StringComparer.Ordinal));
        var (prompt, system, model, id) = (Column("prompt"), Column("system"), Column("model"), Column("custom_id", "id"));
        if (prompt < 0)
            throw CommandFailure.Usage($"'{name}' needs a first line with a column prompt (also: system, model, id). Nothing was sent.");

        while (await NextAsync(parser, name))
        {
            ct.ThrowIfCancellationRequested();
            var row = parser.Record!;
            string? Cell(int column) => column >= 0 && column < row.Length && row[column].Length > 0 ? row[column] : null;
            if (row.All(string.IsNullOrWhiteSpace))
                continue;

            yield return RunQuestion.Of(
                parser.RawRow, name, asked, Cell(id), Cell(model),
                Cell(prompt) ?? throw CommandFailure.Usage($"Line {parser.RawRow} of '{name}' has no prompt. Nothing was sent."), Cell(system));
        }
    }

    private static async Task<bool> NextAsync(CsvParser parser, string name)
    {
        try
        {
            return await parser.ReadAsync();
        }
        catch (CsvHelperException)
        {
            throw CommandFailure.Usage($"Line {parser.RawRow} of '{name}' is not CSV. Nothing was sent.");   // the message would quote what stands there
        }
    }
}
