using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Keypace.Cli.Importing;

/// <summary>Reads a CSV with a head: <c>name, hub, value</c>, and where wanted <c>url</c> and <c>limit</c> (<c>600/60</c>) or the wire's two limit fields.</summary>
internal static class KeyTable
{
    private static readonly string[] s_secretHeads = ["value", "secret", "api_key", "key"];

    /// <exception cref="CommandFailure">The head lacks a column, or the file is no CSV.</exception>
    public static void Find(string text, string file, Findings found)
    {
        using var parser = new CsvParser(new StringReader(text), new CsvConfiguration(CultureInfo.InvariantCulture) { TrimOptions = TrimOptions.Trim, DetectDelimiter = true, DetectDelimiterValues = [",", ";", "\t"] });
        try
        {
            var head = parser.Read() ? parser.Record!.Select(column => column.Trim().ToLowerInvariant()).ToArray() : [];
            int Column(params string[] names) => Array.FindIndex(head, column => names.Contains(column, StringComparer.Ordinal));
            var (name, hub, secret) = (Column("name"), Column("hub", "model_hub"), Column(s_secretHeads));
            if (name < 0 || hub < 0 || secret < 0)
                throw CommandFailure.Usage($"'{file}' needs a first line with the columns name, hub and value (also: url, limit). Nothing was stored.");

            var (url, limit, requests, seconds) = (Column("url", "base_url"), Column("limit"), Column("rate_limit_per_interval"), Column("rate_limit_interval"));
            while (parser.Read())
            {
                var row = parser.Record!;
                string Cell(int column) => column >= 0 && column < row.Length ? row[column] : "";
                var from = $"line {parser.RawRow}";
                if (Cell(name).Length == 0 || Cell(hub).Length == 0)
                    found.Skip(from, "it has no name or no hub");
                else if (!LimitText.TryParse(Cell(limit).Length > 0 ? Cell(limit) : Cell(requests).Length > 0 ? $"{Cell(requests)}/{(Cell(seconds).Length > 0 ? Cell(seconds) : "60")}" : "", out var most))
                    found.Skip(from, "its limit is not 1 to 1,000,000 requests in 1 to 86,400 seconds");
                else
                    found.Add(new FoundKey(Cell(name), Cell(hub), Cell(secret), Cell(url) is { Length: > 0 } address ? address : null, from, most?.Requests, most?.Seconds));
            }
        }
        catch (CsvHelperException)
        {
            throw CommandFailure.Usage($"Line {parser.RawRow} of '{file}' is not CSV. Nothing was stored.");   // the message would quote what stands there
        }
    }
}
