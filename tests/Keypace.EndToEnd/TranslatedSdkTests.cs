using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace Keypace.EndToEnd;

/// <summary>The official OpenAI SDK for .NET on hubs with a language of their own: it reads translated answers, streams and tool calls as OpenAI's.</summary>
public sealed class TranslatedSdkTests(NativeHubs hubs) : IClassFixture<NativeHubs>
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "weather", "Tells it.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""));

    public static TheoryData<string> Models => new("anthropic/claude-x", "bedrock/some.model-v1:0");

    private ChatClient Client(string model) => new OpenAIClient(
        new ApiKeyCredential(hubs.Keypace.Folder.Token), new OpenAIClientOptions { Endpoint = new Uri(hubs.Keypace.Address, "/v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) }).GetChatClient(model);

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Chat(string model)
    {
        ChatCompletion completion = await Client(model).CompleteChatAsync(new SystemChatMessage("Be brief."), new UserChatMessage("Say hello."));

        Assert.Equal("Hello there.", completion.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal((9, 4, 13), (completion.Usage.InputTokenCount, completion.Usage.OutputTokenCount, completion.Usage.TotalTokenCount));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Streaming(string model)
    {
        var text = new StringBuilder();
        var (tokens, end) = (0, (ChatFinishReason?)null);
        await foreach (var update in Client(model).CompleteChatStreamingAsync("Say hello."))
        {
            foreach (var part in update.ContentUpdate)
                text.Append(part.Text);
            tokens = update.Usage?.TotalTokenCount ?? tokens;
            end = update.FinishReason ?? end;
        }

        Assert.Equal("Hello there.", text.ToString());
        Assert.Equal((13, ChatFinishReason.Stop), (tokens, end));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_tool_is_called_and_its_result_sent_back(string model)
    {
        var options = new ChatCompletionOptions { Tools = { Weather } };
        List<ChatMessage> messages = [new UserChatMessage("How is it in Köln?")];
        ChatCompletion call = await Client(model).CompleteChatAsync(messages, options);

        Assert.Equal(ChatFinishReason.ToolCalls, call.FinishReason);
        Assert.Equal(("weather", "Köln"), (call.ToolCalls[0].FunctionName, CityOf(call.ToolCalls[0].FunctionArguments.ToString())));
        messages.AddRange([new AssistantChatMessage(call), new ToolChatMessage(call.ToolCalls[0].Id, "Rain")]);
        ChatCompletion answer = await Client(model).CompleteChatAsync(messages, options);
        Assert.Equal("Hello there.", answer.Content[0].Text);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_tool_call_comes_in_pieces(string model)
    {
        var (name, id, arguments, end) = ("", "", new StringBuilder(), (ChatFinishReason?)null);
        await foreach (var update in Client(model).CompleteChatStreamingAsync([new UserChatMessage("How is it in Köln?")], new ChatCompletionOptions { Tools = { Weather } }))
        {
            foreach (var piece in update.ToolCallUpdates)
            {
                (name, id) = (piece.FunctionName ?? name, piece.ToolCallId ?? id);
                arguments.Append(piece.FunctionArgumentsUpdate?.ToString());
            }

            end = update.FinishReason ?? end;
        }

        Assert.Equal(("weather", "toolu_1", "Köln", ChatFinishReason.ToolCalls), (name, id, CityOf(arguments.ToString()), end));
    }

    [Theory]
    [InlineData("anthropic/no-such-model", 404, "Anthropic answered the query through 'claude' with an error: model: no-such-model")]
    [InlineData("anthropic/page", 502, "'claude'")]
    [InlineData("bedrock/no-quota", 429, "Quota is 0")]
    public async Task An_error_arrives_as_the_SDKs_own(string model, int status, string words)
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => Client(model).CompleteChatAsync("Say hello."));
        Assert.Equal(status, error.Status);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anthropic/failing")]
    [InlineData("bedrock/throttled")]
    public async Task A_stream_that_fails_does_not_look_whole(string model)
    {
        ChatFinishReason? end = null;
        _ = await Record.ExceptionAsync(async () =>
        {
            await foreach (var update in Client(model).CompleteChatStreamingAsync("Say hello."))
                end = update.FinishReason ?? end;
        });
        Assert.Null(end);
    }

    private static string? CityOf(string json) => System.Text.Json.JsonDocument.Parse(json).RootElement.GetProperty("city").GetString();
}
