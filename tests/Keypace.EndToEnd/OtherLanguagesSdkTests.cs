using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Anthropic's SDK and OpenAI's responses on hubs of every language: text, streams, a tool's round, token counts and errors as at their own hub.</summary>
public sealed class OtherLanguagesSdkTests(NativeHubs hubs) : IClassFixture<NativeHubs>
{
    public static TheoryData<string, string> Models => new()
    {
        { "mistral/some", "mistral/no-such-model" },
        { "anthropic/claude-x", "anthropic/no-such-model" },
        { "bedrock/some.model-v1:0", "bedrock/missing" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Anthropics_SDK(string model, string missing)
    {
        var seen = await RunAsync("anthropic-js", "@anthropic-ai", "messages.mjs", "", model, missing);

        CheckTexts(seen);
        Assert.Equal("end_turn", seen.GetProperty("end").GetString());
        Assert.Equal("tool_use weather Köln", seen.GetProperty("tool").GetString());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task OpenAIs_SDK_and_its_responses(string model, string missing)
    {
        var seen = await RunAsync("openai-js", "openai", "responses.mjs", "/v1", model, missing);

        CheckTexts(seen);
        Assert.Equal(("completed", "weather Köln"), (seen.GetProperty("end").GetString(), seen.GetProperty("tool").GetString()));
        Assert.Equal("BadRequestError 400", seen.GetProperty("stored").GetString());
    }

    private static void CheckTexts(JsonElement seen)
    {
        Assert.All(["text", "streamed", "afterTool"], name => Assert.Equal("Hello there.", seen.GetProperty(name).GetString()));
        Assert.All(["tokens", "streamedTokens"], name => Assert.Equal("[9,4]", seen.GetProperty(name).GetRawText()));
        Assert.Equal("NotFoundError 404", seen.GetProperty("missing").GetString());
    }

    private async Task<JsonElement> RunAsync(string client, string package, string script, string path, string model, string missing)
    {
        var folder = Path.Combine(Checkout.Root, "tests", "clients", client);
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", package)), $"the npm package {package} is not installed (node and npm are needed; then: ./dev test)");
        var environment = new Dictionary<string, string>
        {
            ["BASE_URL"] = new Uri(hubs.Keypace.Address, path).ToString().TrimEnd('/'), ["TOKEN"] = hubs.Keypace.Folder.Token, ["MODEL"] = model, ["MISSING"] = missing,
        };
        var (exitCode, output) = await ChildProcess.RunAsync("node", [script], environment, folder: folder);
        Assert.True(exitCode == 0, output);
        return JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
    }
}
