using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Keypace.Contracts;
using Spectre.Console;

namespace Keypace.Cli.Output;

/// <summary>Prints an answer: the wire's JSON for scripts, tables for people.</summary>
internal sealed partial class Screen(Terminal terminal, bool json)
{
    /// <summary>The wire's shape, indented, letters of all languages as they are.</summary>
    public static readonly KeypaceJson Printed = new(new JsonSerializerOptions(KeypaceJson.Default.Options)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    // Nothing is wrapped here: a pipe takes lines of any length, and a terminal wraps by itself.
    private const int Unwrapped = 4_000;

    public bool Json { get; } = json;

    /// <summary>Prints one answer; <paramref name="forPeople"/> is called only when no JSON was asked for.</summary>
    public void Show<T>(T answer, JsonTypeInfo<T> shape, Action<Screen> forPeople)
    {
        if (Json)
            terminal.Out.WriteLine(PlainText.OfJson(JsonSerializer.Serialize(answer, shape)));
        else
            forPeople(this);
    }

    /// <summary>The same for an answer that is put together here and has no record on the wire.</summary>
    public void Show(Action<Utf8JsonWriter> inJson, Action<Screen> forPeople)
    {
        if (!Json)
        {
            forPeople(this);
            return;
        }

        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            inJson(writer);

        terminal.Out.WriteLine(PlainText.OfJson(System.Text.Encoding.UTF8.GetString(bytes.ToArray())));
    }

    /// <summary>A sentence that is the command's result.</summary>
    public void Line(string text) => terminal.Out.WriteLine(PlainText.Of(text));

    /// <summary>A piece of text as it comes, without a line's end.</summary>
    public void Piece(string text)
    {
        terminal.Out.Write(PlainText.Of(text));
        terminal.Out.Flush();
    }

    /// <summary>A sentence beside the result; not for pipes.</summary>
    public void Note(string text) => terminal.Error.WriteLine(PlainText.Of(text));

    /// <summary>One record, a member a line. Members without a value are left out.</summary>
    public void Facts(params ReadOnlySpan<(string Label, string? Value)> facts)
    {
        var grid = new Table().Border(TableBorder.None).HideHeaders();
        grid.AddColumn(new TableColumn("label").NoWrap().PadLeft(0).PadRight(2));
        grid.AddColumn(new TableColumn("value").PadLeft(0).PadRight(0));
        foreach (var (label, value) in facts)
        {
            if (!string.IsNullOrEmpty(value))
                grid.AddRow(new Text(label, new Style(decoration: Decoration.Dim)), Cell(value.ReplaceLineEndings("\n")));
        }

        Print(Lines(grid, terminal.Colour));
    }

    /// <summary>Many records. With none, <paramref name="none"/> is said beside the result, so that a pipe gets nothing.</summary>
    public void Table(string none, IReadOnlyList<string> heads, IEnumerable<string?[]> rows)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var head in heads)
        {
            // A head that ends in '#' stands over numbers.
            var column = new TableColumn(new Text(head.TrimEnd('#'), new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(2);
            table.AddColumn(head.EndsWith('#') ? column.RightAligned() : column);
        }

        var all = rows.ToArray();
        foreach (var row in all)
            table.AddRow(row.Select(value => Cell(value?.ReplaceLineEndings(" "))));

        if (all.Length == 0)
        {
            Note(none);
        }
        else if (terminal.OutIsTerminal && Lines(table, isColoured: false).Max(line => line.TrimEnd().Length) > terminal.Width)
        {
            // Too wide for this terminal: one record below the other, because a cell that is cut off tells nobody anything.
            foreach (var row in all)
            {
                Facts([.. heads.Zip(row, (head, value) => (head.TrimEnd('#').ToLowerInvariant(), value))]);
                terminal.Out.WriteLine();
            }
        }
        else
        {
            Print(Lines(table, terminal.Colour));
        }
    }

    private static string[] Lines(Table table, bool isColoured)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.Yes,   // without it the library sets the colours of the process's own console, whatever it writes to
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = Unwrapped;
        console.Write(table);
        var all = isColoured ? text.ToString() : Codes().Replace(text.ToString(), "");
        return all.TrimEnd().Split('\n');
    }

    private void Print(string[] lines)
    {
        foreach (var line in lines)
            terminal.Out.WriteLine(line.TrimEnd());
    }

    private static Text Cell(string? value)
    {
        var text = PlainText.Of(value ?? "-");
        var colour = text switch
        {
            KeyStatuses.Active or TestStatuses.Works => Color.Green,
            KeyStatuses.Disabled or AgentStatuses.Archived or TokenStatuses.Revoked or TokenStatuses.Expired => Color.Grey,
            TestStatuses.Refused or TestStatuses.Unreachable => Color.Red,
            _ => Color.Default,
        };
        return new Text(text, new Style(colour));
    }

    /// <summary>Only the table's own: an escape character in what is shown was replaced before.</summary>
    [GeneratedRegex("\\u001b\\[[0-9;]*m", RegexOptions.CultureInvariant)]
    private static partial Regex Codes();
}
