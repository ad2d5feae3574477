using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The NuGet package as a stranger meets it: packed, installed from a folder into an empty program, run against the built server.</summary>
public sealed class ClientPackageTests
{
    private const string Program = """
        using Keypace.Client;
        using Microsoft.Extensions.DependencyInjection;

        var services = new ServiceCollection();
        services.AddKeypaceClient();
        await using var provider = services.BuildServiceProvider();
        var keypace = provider.GetRequiredService<KeypaceClient>();

        foreach (var key in await keypace.ApiKeys.ListAsync())
            Console.WriteLine($"key {key.Name} {key.RateLimitPerInterval}/{key.RateLimitInterval}");
        var answer = await keypace.Queries.AskAsync("Say hello.", "bot");
        Console.WriteLine($"answer {answer.Text} {answer.CompletionTokens} {answer.Delivery.ApiKey}");
        await foreach (var piece in keypace.Queries.StreamAsync(new Query("Say hello.") { Agent = "bot" }))
            Console.Write(piece);
        Console.WriteLine();
        try
        {
            await keypace.Queries.AskAsync("Say hello.", "nobody");
        }
        catch (KeypaceException refused)
        {
            Console.WriteLine($"refused {refused.Code} {refused.Status}");
        }
        """;

    [Fact]
    public async Task It_installs_from_a_folder_and_works()
    {
        using var temporary = TemporaryFolder.Create("keypace-nuget-");
        await MustAsync("pack", Path.Combine(Checkout.Root, "src", "Keypace.Client"), "-c", "Release", "-o", temporary.File("packages"));
        var package = Assert.Single(Directory.EnumerateFiles(temporary.File("packages"), "*.nupkg"));
        var version = Path.GetFileNameWithoutExtension(package)["Keypace.Client.".Length..];

        Directory.CreateDirectory(temporary.File("app"));
        temporary.Write("app/Program.cs", Program);
        temporary.Write("app/app.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>
                <IsAotCompatible>true</IsAotCompatible><TreatWarningsAsErrors>true</TreatWarningsAsErrors><NuGetAudit>false</NuGetAudit>
                <RestorePackagesPath>{temporary.File("cache")}</RestorePackagesPath>
                <RestoreFallbackFolders>{Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)}/.nuget/packages</RestoreFallbackFolders>
                <RestoreAdditionalProjectSources>{temporary.File("packages")}</RestoreAdditionalProjectSources>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Keypace.Client" Version="[{version}]" /></ItemGroup>
            </Project>
            """);
        temporary.Write("app/Directory.Build.props", "<Project />");

        await MustAsync("build", temporary.File("app"), "-c", "Release", "-o", temporary.File("out"));
        Assert.True(File.Exists(temporary.File("out/Keypace.Contracts.dll")));

        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "main", new HubLimit(60, 10));
        (await keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "bot", model_name = "pretend-small", hub = "custom", api_key_id = id })).MustBe(200);

        var (exit, output) = await ChildProcess.RunAsync("dotnet", [temporary.File("out/app.dll")], new Dictionary<string, string>
        {
            ["KEYPACE_BASE_URL"] = new Uri(keypace.Address, "v1").ToString(),
            ["KEYPACE_TOKEN_FILE"] = keypace.Folder.TokenFile,
        });

        Assert.True(exit == 0, output);
        Assert.Equal(
            ["key main 60/10", "answer The pretend hub says hello. 7 main", "The pretend hub says hello.", "refused agent_not_found 404"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    private static async Task MustAsync(params string[] arguments)
    {
        var (exit, output) = await ChildProcess.RunAsync("dotnet", [.. arguments, "-v", "q", "--nologo"], new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1" });
        Assert.True(exit == 0, $"dotnet {string.Join(' ', arguments)}: {output}");
    }
}
