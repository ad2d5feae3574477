using System.Text.Json;

namespace Keypace.Client;

/// <summary>One question to a model: what is asked, and through what. Name an <see cref="Agent"/>, or a <see cref="Model"/>.</summary>
/// <example><code>new Query("Say hello.") { Agent = "support-bot", MaxWait = TimeSpan.FromSeconds(30) }</code></example>
public sealed record Query
{
    /// <summary>Asks one thing.</summary>
    /// <param name="prompt">What the model is asked.</param>
    public Query(string prompt)
        : this([new ChatMessage("user", prompt)])
    {
    }

    /// <summary>Goes on with a conversation.</summary>
    /// <param name="messages">At least one; the last one is what is asked.</param>
    /// <exception cref="ArgumentException">There is no message.</exception>
    public Query(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        Messages = messages.Count > 0 ? messages : throw new ArgumentException("A query needs at least one message.", nameof(messages));
    }

    /// <summary>What was said so far, oldest first.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>Name or id of the agent that is asked; stands for <c>agent/NAME</c> as the model.</summary>
    public string? Agent { get; init; }

    /// <summary><c>HUB/MODEL</c>; with <see cref="ApiKey"/> the hub's own name for the model.</summary>
    public string? Model { get; init; }

    /// <summary>Name or id of the stored key to ask with.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Put in front of the messages, after the agent's own system prompt.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>From 0 on; null for the model's default.</summary>
    public double? Temperature { get; init; }

    /// <summary>The answer's length in tokens, at most; null for the model's default.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Who asks, where one token serves several callers: each has its own place in the fair queue. At most 128 characters.</summary>
    public string? Caller { get; init; }

    /// <summary>How long it may wait for its turn; zero is now or not at all. Null: as long as the server lets it (240 s).</summary>
    public TimeSpan? MaxWait { get; init; }

    internal string RequiredModel => (Agent, Model) switch
    {
        ({ Length: > 0 }, { Length: > 0 }) => throw new ArgumentException("A query names an agent or a model, not both."),
        ({ Length: > 0 } agent, _) => "agent/" + agent,
        (_, { Length: > 0 } model) => model,
        _ => throw new ArgumentException("A query names an agent or a model."),
    };

    internal byte[] Body(bool stream)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("model", RequiredModel);
            writer.WriteStartArray("messages");
            IEnumerable<ChatMessage> all = string.IsNullOrEmpty(SystemPrompt) ? Messages : Messages.Prepend(new ChatMessage("system", SystemPrompt));
            foreach (var message in all)
            {
                writer.WriteStartObject();
                writer.WriteString("role", message.Role);
                writer.WriteString("content", message.Content);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (Temperature is { } temperature)
                writer.WriteNumber("temperature", temperature);

            if (MaxTokens is { } most)
                writer.WriteNumber("max_tokens", most);

            if (stream)
                writer.WriteBoolean("stream", true);

            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    internal QueryRouting Routing => new(ApiKey, Caller, MaxWait);
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>What Keypace itself has to know of a query; the hub never sees it.</summary>
/// <param name="ApiKey">Name or id of the stored key to ask with; null where the model says it.</param>
/// <param name="Caller">Who asks, for the fair queue; null for the token itself.</param>
/// <param name="MaxWait">How long it may wait for its turn; null for as long as the server lets it.</param>
public sealed record QueryRouting(string? ApiKey = null, string? Caller = null, TimeSpan? MaxWait = null)
{
    internal IReadOnlyList<(string Name, string Value)> Headers()
    {
        var headers = new List<(string, string)>(3);
        if (!string.IsNullOrEmpty(ApiKey))
            headers.Add(("x-keypace-key", Uri.EscapeDataString(ApiKey)));

        if (!string.IsNullOrEmpty(Caller))
            headers.Add(("x-keypace-caller", Uri.EscapeDataString(Caller)));

        if (MaxWait is { } wait)
            headers.Add(("x-keypace-max-wait", Math.Max(0, wait.TotalSeconds).ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)));

        return headers;
    }
}

/// <summary>A model's whole answer.</summary>
/// <param name="Text">What it said; empty when it answered with tool calls alone.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, …, as the hub says it; null when it does not.</param>
/// <param name="Model">The model that answered, in the hub's words.</param>
/// <param name="PromptTokens">Tokens that were read; null when the hub does not say.</param>
/// <param name="CompletionTokens">Tokens that were written; null when the hub does not say.</param>
/// <param name="Body">The hub's answer, as it came.</param>
/// <param name="Delivery">What Keypace says of its way.</param>
public sealed record QueryAnswer(
    string Text, string? FinishReason, string? Model, long? PromptTokens, long? CompletionTokens, JsonElement Body, QueryDelivery Delivery);

/// <summary>A hub's answer to a body that was sent as it is.</summary>
/// <param name="Status">HTTP status of the answer, a success.</param>
/// <param name="Body">The hub's answer, as it came.</param>
/// <param name="Delivery">What Keypace says of its way.</param>
public sealed record RawAnswer(int Status, JsonElement Body, QueryDelivery Delivery);

/// <summary>What the headers of an answer say of a query's way.</summary>
/// <param name="ApiKey">Name of the key that it was sent with; null when the server does not say.</param>
/// <param name="Waited">How long it waited for its turn.</param>
/// <param name="RequestId">The server's id of the request.</param>
public sealed record QueryDelivery(string? ApiKey, TimeSpan Waited, string? RequestId);
