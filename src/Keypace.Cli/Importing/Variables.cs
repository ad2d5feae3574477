namespace Keypace.Cli.Importing;

/// <summary>Which environment variables hold which hub's key: the names that the hubs' own SDKs and LiteLLM read.</summary>
internal static class Variables
{
    // Where a hub has two names, the SDK's own comes first.
    private static readonly (string Variable, string Hub)[] s_keys =
    [
        ("OPENAI_API_KEY", "openai"), ("ANTHROPIC_API_KEY", "anthropic"), ("TOGETHER_API_KEY", "together"), ("TOGETHERAI_API_KEY", "together"),
        ("MISTRAL_API_KEY", "mistral"), ("FIREWORKS_API_KEY", "fireworks"), ("FIREWORKS_AI_API_KEY", "fireworks"), ("NVIDIA_API_KEY", "nvidia"),
        ("NVIDIA_NIM_API_KEY", "nvidia"), ("GROQ_API_KEY", "groq"), ("OPENROUTER_API_KEY", "openrouter"), ("CEREBRAS_API_KEY", "cerebras"),
        ("CO_API_KEY", "cohere"), ("COHERE_API_KEY", "cohere"), ("DEEPSEEK_API_KEY", "deepseek"), ("GEMINI_API_KEY", "gemini"), ("GOOGLE_API_KEY", "gemini"),
        ("HF_TOKEN", "huggingface"), ("HUGGINGFACE_API_KEY", "huggingface"), ("PERPLEXITY_API_KEY", "perplexity"), ("PERPLEXITYAI_API_KEY", "perplexity"),
        ("XAI_API_KEY", "xai"), ("AZURE_OPENAI_API_KEY", "azure"), ("AZURE_API_KEY", "azure"),
    ];

    // The address that goes with a hub's key.
    private static readonly (string Variable, string Hub)[] s_addresses =
    [
        ("OPENAI_BASE_URL", "openai"), ("OPENAI_API_BASE", "openai"), ("AZURE_OPENAI_ENDPOINT", "azure"), ("AZURE_API_BASE", "azure"),
    ];

    private static readonly string[] s_regions = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME"];

    public static IEnumerable<string> Names => s_keys.Concat(s_addresses).Select(pair => pair.Variable).Concat(s_regions).Concat(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);

    public static IEnumerable<string> OfHub(string hub) => s_keys.Where(pair => pair.Hub == hub).Select(pair => pair.Variable);

    /// <summary>Finds the keys among variables, each with where it stood.</summary>
    public static void Find(IReadOnlyDictionary<string, string> variables, Func<string, string> where, Findings found)
    {
        foreach (var (variable, hub) in s_keys)
        {
            if (variables.TryGetValue(variable, out var secret))
            {
                var url = s_addresses.Where(pair => pair.Hub == hub).Select(pair => variables.GetValueOrDefault(pair.Variable)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
                found.Add(AtAddress(hub, hub, secret.Trim(), url, where(variable)));
            }
        }

        FindAws(variables, where, found);
        foreach (var unknown in variables.Keys.Where(name => name.EndsWith("_API_KEY", StringComparison.Ordinal) && !s_keys.Any(pair => pair.Variable == name)).Order(StringComparer.Ordinal))
        {
            found.Skip(where(unknown), "no hub is known that reads it");
        }
    }

    /// <summary>A key of OpenAI's shape for another address is a custom hub's key, not OpenAI's.</summary>
    public static FoundKey AtAddress(string name, string hub, string? secret, string? url, string from, int? requests = null) =>
        hub == "openai" && url is not null && !url.Contains("://api.openai.com", StringComparison.OrdinalIgnoreCase)
            ? new FoundKey(Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.Host : "custom", "custom", secret, url, from, requests, requests is null ? null : 60)
            : new FoundKey(name, hub, secret, hub == "openai" ? null : url, from, requests, requests is null ? null : 60);

    private static void FindAws(IReadOnlyDictionary<string, string> variables, Func<string, string> where, Findings found)
    {
        if (!variables.TryGetValue("AWS_ACCESS_KEY_ID", out var id) || !variables.TryGetValue("AWS_SECRET_ACCESS_KEY", out var secret))
        {
            return;
        }

        var region = s_regions.Select(name => variables.GetValueOrDefault(name)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
        if (variables.ContainsKey("AWS_SESSION_TOKEN"))
        {
            found.Skip(where("AWS_ACCESS_KEY_ID"), "it belongs to a session that ends; store a lasting key");
        }
        else if (region is null)
        {
            found.Skip(where("AWS_ACCESS_KEY_ID"), "there is no AWS_REGION beside it");
        }
        else
        {
            found.Add(new FoundKey("bedrock", "bedrock", null, null, where("AWS_ACCESS_KEY_ID"), Fields: new Dictionary<string, string?> { ["region"] = region, ["access_key"] = id.Trim(), ["secret_access_key"] = secret.Trim() }));
        }
    }
}
