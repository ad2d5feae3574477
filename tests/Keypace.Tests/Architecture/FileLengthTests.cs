namespace Keypace.Tests.Architecture;

/// <summary>A file that a person wrote is read in one sitting: never over 300 lines, whatever it is written in.</summary>
public sealed class FileLengthTests
{
    private const int MostLines = 300;

    private static readonly string[] _kinds = [".cs", ".razor", ".js", ".mjs", ".css", ".py", ".sh"];

    [Fact]
    public void No_file_has_more_lines_than_one_reads_in_one_sitting()
    {
        var root = RoomTests.FindRoot();
        var all = new[] { "src", "tests", "demo", "bench", "clients", "packaging" }
            .SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "*", SearchOption.AllDirectories))
            .Where(file => _kinds.Contains(Path.GetExtension(file)) && IsWritten(file))
            .ToList();
        Assert.True(all.Count > 800, $"only {all.Count} files were looked at");
        var tooLong = all.Select(file => (Name: Path.GetRelativePath(root, file), Lines: File.ReadLines(file).Count())).Where(file => file.Lines > MostLines).ToList();
        Assert.True(tooLong.Count == 0, string.Join(", ", tooLong));
    }

    private static bool IsWritten(string file) =>
        !new[] { "/obj/", "/bin/", "/Migrations/", "/node_modules/", "/build/", "/__pycache__/", ".egg-info/" }.Any(place => file.Contains(place, StringComparison.Ordinal));
}
