using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>
/// Amazon Bedrock's agents: InvokeAgent with the key's agent and alias. An agent has its own model, prompt and tools, so a query can give it only
/// a conversation. Each query is a session of its own, with what was said before as its history.
/// </summary>
internal sealed class AgentProtocol : IChatProtocol
{
    public Outcome<NativeChat> Ask(ReadOnlyMemory<byte> body, ChatSetting setting) =>
        ChatQuestions.Read(body, setting, (request, form, problems) =>
        {
            Refuse(request, problems);
            var answers = new AgentAnswers(setting.QueryId, request.Model.GetString()!, form);
            var agent = Uri.EscapeDataString(setting.Config.GetValueOrDefault("agent_id", ""));
            var alias = Uri.EscapeDataString(setting.Config.GetValueOrDefault("agent_alias_id", ""));
            return new NativeChat(
                $"agents/{agent}/agentAliases/{alias}/sessions/{setting.QueryId}/text", Write(request, problems),
                "application/vnd.amazon.eventstream", request.Stream, answers);
        });

    private static void Refuse(ChatRequest request, ChatProblems problems)
    {
        const string Own = "An agent has its own; leave it out";
        if (request.SystemAt is { } at)
            problems.NoPlace(at, "An agent has its own instructions; leave the system prompt out");
        if (request.Tools.Count > 0)
            problems.NoPlace("tools", Own);
        if (request.ToolChoice is not null)
            problems.NoPlace("tool_choice", Own);
        if (request.MaxTokens is not null && !request.MustSayMaxTokens)
            problems.NoPlace("max_completion_tokens", Own);
        if (request.Temperature is not null)
            problems.NoPlace("temperature", Own);
        if (request.TopP is not null)
            problems.NoPlace("top_p", Own);
        if (request.Stop.Count > 0)
            problems.NoPlace("stop", Own);
        if (request.Schema is not null || request.WantsJson)
            problems.NoPlace("response_format");
        if (request.Effort is not null)
            problems.NoPlace("reasoning_effort", Own);
        if (request.User is not null)
            problems.NoPlace("user");
        if (request.Metadata is not null)
            problems.NoPlace("metadata");
        if (request.ServiceTier is not (null or "auto"))
            problems.NoPlace("service_tier", Own);
        foreach (var block in request.Turns.SelectMany(turn => turn.Blocks))
        {
            if (block is not ChatText)
                problems.NoPlace(block.At, "An agent takes text only");
        }
    }

    private static byte[] Write(ChatRequest request, ChatProblems problems)
    {
        if (request.Turns is not [.., { IsAssistant: false } last])
        {
            problems.Wrong("messages", "ended by a message of the user, which is what the agent is asked");
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, ChatJson.Plain);
        writer.WriteStartObject();
        writer.WriteString("inputText", TextOf(last));
        writer.WriteBoolean("enableTrace", false);
        if (request.Stream)
        {
            writer.WriteStartObject("streamingConfigurations");
            writer.WriteBoolean("streamFinalResponse", true);
            writer.WriteEndObject();
        }

        if (request.Turns.Count > 1)
        {
            writer.WriteStartObject("sessionState");
            writer.WriteStartObject("conversationHistory");
            writer.WriteStartArray("messages");
            foreach (var turn in request.Turns.SkipLast(1))
            {
                writer.WriteStartObject();
                writer.WriteString("role", turn.IsAssistant ? "assistant" : "user");
                writer.WriteStartArray("content");
                foreach (var text in turn.Blocks.OfType<ChatText>())
                {
                    writer.WriteStartObject();
                    writer.WritePropertyName("text");
                    text.Text.WriteTo(writer);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static string TextOf(ChatTurn turn) => string.Join("\n\n", turn.Blocks.OfType<ChatText>().Select(text => text.Text.GetString()));
}
