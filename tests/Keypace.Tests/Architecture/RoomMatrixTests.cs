using System.Text.RegularExpressions;
using ArchUnitNET.Domain;

namespace Keypace.Tests.Architecture;

/// <summary>
/// The table in ARCHITECTURE.md is the rule: a room knows the rooms that its row marks, no more and no fewer. Rows stand in such an order that a room
/// knows only rooms above it, so there is no cycle.
/// </summary>
public sealed partial class RoomMatrixTests
{
    private static readonly RoomTable Table = RoomTable.Read(File.ReadAllLines(Path.Combine(RoomTests.FindRoot(), "ARCHITECTURE.md")));

    [Fact]
    public void Every_room_has_a_row()
    {
        var homeless = RoomTests.House.Types.Select(type => type.FullName).Where(name => name.StartsWith("Keypace.", StringComparison.Ordinal) && !name.StartsWith("Keypace.Tests.", StringComparison.Ordinal) && Table.RoomOf(name) is null).ToList();
        Assert.Empty(homeless);
        Assert.All(Table.Rooms, room => Assert.True(RoomTests.House.Types.Any(type => Table.RoomOf(type.FullName) == room), $"No type lies in {room}: take the row out."));
    }

    [Fact]
    public void Rooms_know_what_their_row_says_and_all_of_it()
    {
        var found = Knowledge(RoomTests.House.Types, Table);
        foreach (var room in Table.Rooms)
        {
            var known = found.GetValueOrDefault(room) ?? [];
            foreach (var (other, example) in known)
                Assert.True(Table.MayKnow(room, other), $"{room} must not know {other}, and does: {example}. If it should, mark it in ARCHITECTURE.md.");
            foreach (var marked in Table.Rooms.Where(other => Table.MayKnow(room, other)))
                Assert.True(known.ContainsKey(marked), $"{room} is marked as knowing {marked}, and does not: take the mark out of ARCHITECTURE.md.");
        }
    }

    [Fact]
    public void No_room_knows_one_below_it()
    {
        for (var row = 0; row < Table.Rooms.Count; row++)
        {
            foreach (var other in Table.Rooms.Skip(row))
                Assert.False(Table.MayKnow(Table.Rooms[row], other), $"{Table.Rooms[row]} is marked as knowing {other}, which stands below it.");
        }
    }

    [Fact]
    public void Canary_a_room_that_knows_more_is_seen()
    {
        var table = RoomTable.Read(["| 1 | `Microsoft.EntityFrameworkCore` | | |", "| 2 | `Keypace.Tests.Architecture.Canaries` | | |"]);
        var found = Knowledge(RoomTests.House.Types, table);
        Assert.Contains("Microsoft.EntityFrameworkCore", found["Keypace.Tests.Architecture.Canaries"].Keys);
        Assert.False(table.MayKnow("Keypace.Tests.Architecture.Canaries", "Microsoft.EntityFrameworkCore"));
    }

    private static Dictionary<string, Dictionary<string, string>> Knowledge(IEnumerable<IType> types, RoomTable table)
    {
        var found = new Dictionary<string, Dictionary<string, string>>();
        foreach (var type in types)
        {
            if (table.RoomOf(type.FullName) is not { } room)
                continue;
            foreach (var dependency in type.Dependencies)
            {
                if (table.RoomOf(dependency.Target.FullName) is { } other && other != room)
                    (found.TryGetValue(room, out var known) ? known : found[room] = []).TryAdd(other, $"{type.FullName} uses {dependency.Target.FullName}");
            }
        }

        return found;
    }

    /// <summary>The grid: a row a room, a column for each row's number, a mark where the row's room may know the column's.</summary>
    private sealed partial record RoomTable(IReadOnlyList<string> Rooms, HashSet<(string Room, string Known)> Marks)
    {
        [GeneratedRegex(@"^\|\s*(\d+)\s*\|\s*`([\w.]+)`[^|]*\|(.*)\|\s*$")]
        private static partial Regex Row { get; }

        public static RoomTable Read(IEnumerable<string> lines)
        {
            var rows = lines.Select(line => Row.Match(line)).Where(match => match.Success).ToList();
            Assert.NotEmpty(rows);
            var rooms = rows.ConvertAll(row => row.Groups[2].Value);
            var marks = new HashSet<(string, string)>();
            foreach (var row in rows)
            {
                var cells = row.Groups[3].Value.Split('|');
                for (var column = 0; column < Math.Min(cells.Length, rooms.Count); column++)
                {
                    if (cells[column].Contains('x', StringComparison.Ordinal))
                        marks.Add((row.Groups[2].Value, rooms[column]));
                }
            }

            return new RoomTable(rooms, marks);
        }

        public bool MayKnow(string room, string other) => Marks.Contains((room, other));

        /// <summary>The room with the longest name that a type's name begins with; null for what lies in none.</summary>
        public string? RoomOf(string fullName) =>
            Rooms.Where(room => fullName.StartsWith(room + ".", StringComparison.Ordinal)).MaxBy(room => room.Length);
    }
}
