namespace Keypace.EndToEnd;

/// <summary>
/// One hub, or one of its ways in, as its provider documents it: written by hand and not read from the program's hub files, so that a mistake there
/// is seen. Targets are paths and queries as they arrive; <c>*</c> stands for what differs from query to query.
/// </summary>
/// <param name="Name">The row's own name: the hub's, or <c>hub/way</c>.</param>
/// <param name="Header">Where the credential stands, and how it begins.</param>
/// <param name="Base">The path that the passthrough stays under.</param>
/// <param name="Chat">Target of a chat query to the model <c>m</c>.</param>
/// <param name="Tests">What a key's test asks.</param>
internal sealed record EveryHubRow(string Name, (string Name, string Start) Header, string Base, string Chat, string Tests)
{
    public string Hub => Name.Split('/')[0];

    /// <summary>The key's value; a row's own, for keys with the same secret share a limit.</summary>
    public string Value { get; init; } = "";

    public IReadOnlyDictionary<string, string> Config { get; init; } = new Dictionary<string, string>();

    /// <summary>Which field of the two holds the secret that a wrong one is put in place of; null when that cannot be told at the hub.</summary>
    public string? Secret { get; init; } = "value";

    /// <summary>A key's url, under the pretend hub's address; null where the hub's own is used.</summary>
    public string? Url { get; init; }

    public string? Stream { get; init; }

    public string? Completions { get; init; }

    public string? Embeddings { get; init; }

    public string? Responses { get; init; }

    /// <summary>Target of the question for models; null where there is no such list.</summary>
    public string? Models { get; init; }

    public string? FirstModel { get; init; } = "model-a";

    /// <summary>True when the hub must be asked to count a stream's tokens.</summary>
    public bool AsksForUsage { get; init; } = true;

    public bool CountsTokens { get; init; } = true;

    private static readonly Dictionary<string, string> Aws = new()
    {
        ["region"] = "eu-central-1", ["access_key"] = NativeHubs.AccessKey, ["secret_access_key"] = NativeHubs.SecretAccessKey,
    };

    private static readonly Dictionary<string, string> Google = new() { ["region"] = "us-central1", ["project_id"] = "p-1" };

    private static readonly Dictionary<string, string> Entra = new() { ["tenant_id"] = "tenant-1", ["client_id"] = "client-1", ["client_secret"] = "entra-test-not-a-real-secret", ["resource"] = "r" };

    private const string GoogleChat = "/v1/projects/p-1/locations/us-central1/endpoints/openapi/chat/completions";
    private const string GoogleModels = "/v1beta1/publishers/google/models";
    private const string Classic = "?api-version=2024-10-21";

    public static IReadOnlyList<EveryHubRow> All { get; } =
    [
        Plain("openai", "/v1", "completions embeddings responses"),
        Plain("together", "/v1", "completions embeddings") with { AsksForUsage = false },
        Plain("mistral", "/v1", "embeddings") with { AsksForUsage = false },
        Plain("groq", "/openai/v1", "responses") with { AsksForUsage = false },
        Plain("fireworks", "/inference/v1", "completions embeddings responses") with { AsksForUsage = false },
        Plain("nvidia", "/v1", "completions embeddings") with { Tests = "POST /v1/chat/completions" },
        Plain("openrouter", "/api/v1", "completions embeddings responses") with { Tests = "GET /api/v1/key" },
        Plain("deepseek", "/v1", ""),
        Plain("xai", "/v1", "completions responses") with { Tests = "GET /v1/api-key" },
        Plain("cohere", "/compatibility/v1", "embeddings") with { Tests = "GET /v1/models", Models = null },
        Plain("huggingface", "/v1", "responses") with { Tests = "POST /v1/chat/completions" },
        Plain("cerebras", "/v1", "completions"),
        Plain("perplexity", "", "") with { Tests = "POST /chat/completions", Models = null, AsksForUsage = false },
        Plain("gemini", "/v1beta", "") with
        {
            Header = ("x-goog-api-key", "sk-test"), Chat = "/v1beta/openai/chat/completions", Embeddings = "/v1beta/openai/embeddings", Models = "/v1beta/openai/models",
            Tests = "GET /v1beta/models?pageSize=1",
        },
        Plain("digitalocean", "/v1", "embeddings responses"),
        Plain("digitalocean/agent", "/api/v1", "") with
        {
            Value = "", Config = new Dictionary<string, string> { ["agent_id"] = "a", ["agent_key"] = "do-test-not-a-real-agent-key" }, Secret = "agent_key",
            Header = ("authorization", "Bearer do-test"), Chat = "/api/v1/chat/completions?agent=true", Tests = "POST /api/v1/chat/completions?agent=true", Models = null,
        },
        Plain("custom", "/v1", "completions embeddings responses") with { Url = "/v1" },
        Plain("custom/header", "/v1", "completions embeddings responses") with
        {
            Url = "/v1", Header = ("x-team-key", "Token sk-test"),
            Config = new Dictionary<string, string> { ["header_name"] = "X-Team-Key", ["header_scheme"] = "Token" },
        },
        Plain("custom/any json", "/ask", "") with
        {
            Url = "/ask", Chat = "/ask", Tests = "POST /ask", Models = null, AsksForUsage = false, CountsTokens = false,
            Config = new Dictionary<string, string> { ["request_template"] = "{\"q\": \"{{prompt}}\"}", ["answer_path"] = "$.text" },
        },
        Plain("azure", "/openai/v1", "completions embeddings responses") with { Header = ("api-key", "sk-test"), Config = new Dictionary<string, string> { ["resource"] = "r" } },
        Plain("azure/entra", "/openai/v1", "completions embeddings responses") with { Value = "", Config = Entra, Secret = "client_secret", Header = ("authorization", "Bearer ya29.") },
        Plain("azure/classic", "/openai", "") with
        {
            Header = ("api-key", "sk-test"), Config = new Dictionary<string, string> { ["resource"] = "r", ["api_version"] = "2024-10-21" },
            Chat = $"/openai/deployments/m/chat/completions{Classic}", Completions = $"/openai/deployments/m/completions{Classic}", Embeddings = $"/openai/deployments/m/embeddings{Classic}",
            Responses = $"/openai/responses{Classic}", Tests = $"GET /openai/models{Classic}", Models = $"/openai/models{Classic}",
        },
        new("anthropic", ("x-api-key", NativeHubs.AnthropicKey), "/v1", "/v1/messages", "GET /v1/models") { Value = NativeHubs.AnthropicKey, Models = "/v1/models", AsksForUsage = false },
        new("vertex", ("authorization", "Bearer ya29."), "/v1", GoogleChat, $"GET {GoogleModels}?pageSize=1")
        {
            Config = new Dictionary<string, string>(Google) { ["client_id"] = "77-x.apps.googleusercontent.com", ["client_secret"] = "GOCSPX-test-not-a-real-secret", ["refresh_token"] = "1//test-not-a-real-refresh" },
            Secret = "refresh_token", Models = GoogleModels, FirstModel = "google/model-a",
        },
        new("vertex/service account", ("authorization", "Bearer ya29."), "/v1", GoogleChat, $"GET {GoogleModels}?pageSize=1")
        {
            Config = new Dictionary<string, string>(Google) { ["service_account"] = EveryHub.ServiceAccount() }, Secret = null, Models = GoogleModels, FirstModel = "google/model-a",
        },
        Bedrock("bedrock") with { Config = Aws, Secret = "access_key" },
        Bedrock("bedrock_custom") with { Config = Aws, Secret = "access_key" },
        Bedrock("bedrock/API key") with
        {
            Header = ("authorization", "Bearer ABSK"), Secret = "api_key", Config = new Dictionary<string, string> { ["region"] = "eu-central-1", ["api_key"] = "ABSKnot-a-real-key-0002" },
        },
        new("bedrockAgents", ("authorization", "AWS4-HMAC-SHA256 Credential="), "", "/agents/AGENT1/agentAliases/ALIAS1/sessions/*/text", "POST /agents/AGENT1/agentAliases/ALIAS1/sessions/keypace-key-test/text")
        {
            Config = new Dictionary<string, string>(Aws) { ["agent_id"] = "AGENT1", ["agent_alias_id"] = "ALIAS1" }, Secret = "access_key", CountsTokens = false, AsksForUsage = false,
        },
    ];

    public override string ToString() => Name;

    private static EveryHubRow Plain(string name, string path, string routes) =>
        new(name, ("authorization", "Bearer sk-test"), path, $"{path}/chat/completions", $"GET {path}/models")
        {
            Value = $"sk-test-not-a-real-key-{name.Replace('/', '-').Replace(' ', '-')}",
            Models = $"{path}/models",
            Completions = routes.Contains("completions", StringComparison.Ordinal) ? $"{path}/completions" : null,
            Embeddings = routes.Contains("embeddings", StringComparison.Ordinal) ? $"{path}/embeddings" : null,
            Responses = routes.Contains("responses", StringComparison.Ordinal) ? $"{path}/responses" : null,
        };

    private static EveryHubRow Bedrock(string name) => new(name, ("authorization", "AWS4-HMAC-SHA256 Credential="), "", "/model/m/converse", "POST /model/keypace-key-test/converse")
    {
        Stream = "/model/m/converse-stream", AsksForUsage = false,
    };
}
