using System.ClientModel;
using Keypace.Demo;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace Keypace.EndToEnd;

/// <summary>The official OpenAI SDK for .NET, unchanged but for base URL and token.</summary>
public sealed class OpenAiSdkTests(OneKeyKeypace one) : IClassFixture<OneKeyKeypace>
{
    private OpenAIClient Client(string? token = null) =>
        new(new ApiKeyCredential(token ?? one.Keypace.Folder.Token), new OpenAIClientOptions { Endpoint = one.BaseUrl });

    [Theory]
    [InlineData("custom/maker/pretend-1", "maker/pretend-1")]
    [InlineData("agent/helper", "pretend-small")]
    public async Task Chat(string model, string atTheHub)
    {
        ChatCompletion completion = await Client().GetChatClient(model).CompleteChatAsync("Say hello.");

        Assert.Equal(HubAnswers.Sentence, completion.Content[0].Text);
        Assert.Equal(HubAnswers.CompletionTokens, completion.Usage.OutputTokenCount);
        Assert.Equal(atTheHub, one.Hub.Log.Snapshot()[^1].Model);
    }

    [Fact]
    public async Task Streaming()
    {
        var text = new System.Text.StringBuilder();
        await foreach (var update in Client().GetChatClient("custom/pretend-large").CompleteChatStreamingAsync("Say hello."))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
        }

        Assert.Equal(HubAnswers.Sentence, text.ToString());
    }

    [Fact]
    public async Task Embeddings()
    {
        OpenAIEmbedding embedding = await Client().GetEmbeddingClient("custom/pretend-small").GenerateEmbeddingAsync(
            "hello", new EmbeddingGenerationOptions { Dimensions = 4 });

        Assert.NotEqual(0, embedding.ToFloats().Length);
    }

    [Fact]
    public async Task Models_are_agents_and_what_the_keys_offer()
    {
        await Until.TrueAsync(async () =>
        {
            OpenAIModelCollection models = await Client().GetOpenAIModelClient().GetModelsAsync();
            var names = models.Select(model => model.Id).ToHashSet();
            return names.Contains("agent/helper") && names.Contains("custom/maker/pretend-1");
        }, "the list that was asked for comes in");
    }

    [Fact]
    public async Task A_refusal_arrives_as_the_SDKs_own_error()
    {
        var missing = await Assert.ThrowsAsync<ClientResultException>(() => Client().GetChatClient("agent/nobody").CompleteChatAsync("Say hello."));
        var stranger = await Assert.ThrowsAsync<ClientResultException>(() => Client("not-a-token").GetChatClient("agent/helper").CompleteChatAsync("Say hello."));

        Assert.Equal(404, missing.Status);
        Assert.Contains("nobody", missing.Message, StringComparison.Ordinal);
        Assert.Equal(401, stranger.Status);
    }

    [Fact]
    public async Task Curl_in_the_form_of_the_README()
    {
        var (exitCode, output) = await ChildProcess.RunAsync("curl",
        [
            "-sS", "--max-time", "20", $"{one.BaseUrl}/chat/completions", "-H", $"Authorization: Bearer {one.Keypace.Folder.Token}",
            "-H", "Content-Type: application/json", "-d", """{"model":"custom/pretend-large","messages":[{"role":"user","content":"Say hello."}]}""",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Contains(HubAnswers.Sentence, output, StringComparison.Ordinal);
    }
}
