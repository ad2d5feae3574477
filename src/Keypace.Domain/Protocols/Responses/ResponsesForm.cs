using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>Answers as OpenAI's <c>response</c>, whole or in events.</summary>
/// <param name="queryId">Makes the ids of the response and of what is in it.</param>
/// <param name="created">Unix seconds.</param>
internal sealed class ResponsesForm(string queryId, long created, ResponseEcho echo) : AnswerForm
{
    public string Id { get; } = "resp_" + queryId.Replace("-", "", StringComparison.Ordinal);

    public bool ShowsThoughts => echo.ShowsThoughts;

    public override AnswerEvents Events() => new ResponseEvents(this);

    public override byte[] Write(WholeAnswer answer)
    {
        var items = ResponseItem.Of(answer, this);
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
            WriteResponse(writer, answer.Model, StatusOf(answer.FinishReason), items, answer.FinishReason, answer.Usage);
        return buffer.WrittenSpan.ToArray();
    }

    /// <param name="kind"><c>msg</c>, <c>fc</c> or <c>rs</c>.</param>
    public string ItemId(string kind, int index) => $"{kind}_{Id["resp_".Length..]}{index}";

    /// <param name="finishReason">OpenAI's chat's word.</param>
    public static string StatusOf(string finishReason) => finishReason is "length" or "content_filter" ? "incomplete" : "completed";

    /// <param name="status"><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</param>
    public void WriteResponse(Utf8JsonWriter writer, string model, string status, IReadOnlyList<ResponseItem> items, string finishReason, ChatUsage? usage)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Id);
        writer.WriteString("object", "response");
        writer.WriteNumber("created_at", created);
        writer.WriteString("status", status);
        writer.WriteBoolean("background", false);
        writer.WriteNull("error");
        if (status == "incomplete")
        {
            writer.WriteStartObject("incomplete_details");
            writer.WriteString("reason", finishReason == "length" ? "max_output_tokens" : "content_filter");
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("incomplete_details");
        }

        writer.WriteString("model", model);
        writer.WriteStartArray("output");
        foreach (var item in items)
            item.WriteTo(writer, isDone: true, status == "incomplete" && ReferenceEquals(item, items[^1]) ? "incomplete" : "completed");
        writer.WriteEndArray();
        echo.WriteTo(writer);
        writer.WriteNull("previous_response_id");
        writer.WriteBoolean("store", false);   // nothing is kept here
        writer.WriteString("truncation", "disabled");
        WriteUsage(writer, usage);
        writer.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter writer, ChatUsage? usage)
    {
        if (usage is not { } known)
        {
            writer.WriteNull("usage");
            return;
        }

        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", known.Prompt);
        writer.WriteStartObject("input_tokens_details");
        writer.WriteNumber("cached_tokens", known.CacheRead);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", known.Completion);
        writer.WriteStartObject("output_tokens_details");
        writer.WriteNumber("reasoning_tokens", known.Reasoning ?? 0);
        writer.WriteEndObject();
        writer.WriteNumber("total_tokens", known.Total);
        writer.WriteEndObject();
    }
}
