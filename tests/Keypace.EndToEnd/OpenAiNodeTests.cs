using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The official OpenAI SDK for Node, unchanged but for base URL and token; <c>./dev test</c> installs it from its lock file.</summary>
public sealed class OpenAiNodeTests(OneKeyKeypace one) : IClassFixture<OneKeyKeypace>
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "tests", "clients", "openai-js");

    [Fact]
    public async Task Everything_an_application_does_works()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", "openai")), "the npm package openai is not installed (node and npm are needed; then: ./dev test)");

        var (exitCode, output) = await ChildProcess.RunAsync(
            "node", ["drive.mjs"],
            new Dictionary<string, string> { ["BASE_URL"] = one.BaseUrl.ToString(), ["TOKEN"] = one.Keypace.Folder.Token },
            folder: Folder);

        Assert.True(exitCode == 0, output);
        var seen = JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("chat").GetString());
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("agent").GetString());
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("streamed").GetString());
        Assert.Equal(HubAnswers.CompletionTokens, seen.GetProperty("streamedUsage").GetInt32());
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("responses").GetString());
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("responsesStreamed").GetString());
        Assert.Equal(4, seen.GetProperty("embedding").GetInt32());
        Assert.Contains("agent/helper", seen.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal("NotFoundError 404", seen.GetProperty("unknownAgent").GetString());
        Assert.Equal("AuthenticationError 401", seen.GetProperty("stranger").GetString());
        Assert.Equal(HubAnswers.Sentence, seen.GetProperty("passthrough").GetString());
    }
}
