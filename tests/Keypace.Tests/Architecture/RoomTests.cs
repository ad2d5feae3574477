using System.Reflection;
using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Keypace.Contracts;
using Keypace.Domain;
using Assembly = System.Reflection.Assembly;

namespace Keypace.Tests.Architecture;

/// <summary>The rules of the house that project references cannot hold. Each is shown to be about something, and able to fail.</summary>
public sealed class RoomTests
{
    private static readonly Assembly Server = typeof(Keypace.Server.Storage.KeypaceDb).Assembly;

    internal static readonly ArchUnitNET.Domain.Architecture House = new ArchLoader()
        .LoadAssemblies(Server, typeof(Refusal).Assembly, typeof(ApiKey).Assembly, typeof(Keypace.Client.KeypaceClient).Assembly, typeof(Keypace.Cli.CommandLine).Assembly, typeof(RoomTests).Assembly)
        .Build();

    [Theory]
    [InlineData("Keypace.Server.Gateway", "Microsoft.EntityFrameworkCore")]
    [InlineData("Keypace.Server.Gateway", "Microsoft.Data.Sqlite")]
    [InlineData("Keypace.Server.Pacing", "Microsoft.EntityFrameworkCore")]
    [InlineData("Keypace.Server.Features", "Microsoft.Data.Sqlite")]
    [InlineData("Keypace.Server.Web.Pages", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Forms", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Figures", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Marks", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Notes", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Pictures", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Samples", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Live", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.Shell", "Keypace.Server.Storage")]
    [InlineData("Keypace.Server.Web.SignIn", "Keypace.Server.Storage")]
    public void Room_does_not_know_the_other(string room, string other)
    {
        var offenders = Offenders(room, other, out var looked);
        Assert.True(looked > 0, $"The rule is about nothing: no type lies in {room}.");
        Assert.True(offenders.Count == 0, $"{room} must not know {other}: {string.Join(", ", offenders)}");
    }

    [Fact]
    public void Canary_is_caught() =>
        Assert.NotEmpty(Offenders("Keypace.Tests.Architecture.Canaries", "Microsoft.EntityFrameworkCore", out _));

    [Fact]
    public void Features_do_not_use_each_others_insides()
    {
        var features = House.Types.Where(type => FeatureOf(type.FullName) is not null).ToList();
        Assert.NotEmpty(features);
        var offenders =
            from type in features
            from dependency in type.Dependencies
            let other = FeatureOf(dependency.Target.FullName)
            where other is not null && other != FeatureOf(type.FullName)
            select $"{type.FullName} uses {dependency.Target.FullName}";
        Assert.Empty(offenders.Distinct());
    }

    /// <summary>The folder under Features that a type lies in; null for what lies elsewhere or binds the features together.</summary>
    private static string? FeatureOf(string fullName)
    {
        var parts = fullName.Split('.');
        return parts.Length > 4 && fullName.StartsWith("Keypace.Server.Features.", StringComparison.Ordinal) ? parts[3] : null;
    }

    [Theory]
    [InlineData(typeof(Refusal))]
    [InlineData(typeof(ApiKey))]
    public void Domain_and_Contracts_reference_nothing_but_the_framework(System.Type inside)
    {
        var references = inside.Assembly.GetReferencedAssemblies().Select(name => name.Name!).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, name => Assert.True(name.StartsWith("System.", StringComparison.Ordinal) || name == "System", name));
    }

    [Fact]
    public void Contracts_never_speak_of_a_secret_type() =>
        Assert.DoesNotContain(typeof(ApiKey).Assembly.GetReferencedAssemblies(), name => name.Name == "Keypace.Domain");

    [Fact]
    public void Files_stay_small()
    {
        var root = FindRoot();
        var files = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Migrations/", StringComparison.Ordinal))
            .Select(file => (File: Path.GetRelativePath(root, file), Lines: File.ReadLines(file).Count()))
            .ToList();
        Assert.NotEmpty(files);
        Assert.DoesNotContain(files, file => file.Lines > 400);
        var large = files.Where(file => file.Lines > 220).ToList();
        Assert.True(large.Count <= files.Count / 20, "Too many files over 220 lines: " + string.Join(", ", large));
    }

    [Fact]
    public void Nothing_refers_to_what_lies_outside_the_project()
    {
        var root = FindRoot();
        var outside = new Regex(@"\.\./sha" + "red|/work/sha" + "red", RegexOptions.CultureInvariant);
        var offenders = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).StartsWith('.') && !file.Contains("/artifacts/", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal))
            .Where(file => Path.GetExtension(file) is ".cs" or ".md" or ".props" or ".csproj" or ".json" or "")
            .Where(file => outside.IsMatch(File.ReadAllText(file)))
            .ToList();
        Assert.Empty(offenders);
    }

    private static List<string> Offenders(string room, string other, out int looked)
    {
        var types = House.Types.Where(type => type.FullName.StartsWith(room + ".", StringComparison.Ordinal)).ToList();
        looked = types.Count;
        return [.. types
            .Where(type => type.Dependencies.Any(dependency => dependency.Target.FullName.StartsWith(other, StringComparison.Ordinal)))
            .Select(type => type.FullName)];
    }

    internal static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Keypace.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The checkout's root was not found.");
        return folder;
    }
}
