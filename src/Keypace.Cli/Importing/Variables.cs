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

    // The ends of the variables in which SDKs and LiteLLM look for the address that goes with a key: OPENAI_API_KEY and OPENAI_BASE_URL.
    private static readonly string[] s_addressEnds = ["_BASE_URL", "_API_BASE", "_API_BASE_URL", "_API_URL", "_ENDPOINT"];

    // Those that are not called after their key's variable.
    private static readonly (string Variable, string Hub)[] s_addresses = [("GOOGLE_GEMINI_BASE_URL", "gemini"), ("HF_INFERENCE_ENDPOINT", "huggingface")];

    private static readonly string[] s_regions = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME"];

    public static IEnumerable<string> Names => s_keys.Select(pair => pair.Variable).Concat(s_keys.SelectMany(pair => AddressesOf(pair.Hub))).Distinct(StringComparer.Ordinal).Concat(s_regions).Concat(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);

    public static IEnumerable<string> OfHub(string hub) => s_keys.Where(pair => pair.Hub == hub).Select(pair => pair.Variable);

    /// <summary>The variables that may name another address for a hub's key.</summary>
    public static IEnumerable<string> AddressesOf(string hub) =>
        OfHub(hub).Select(variable => variable.EndsWith("_API_KEY", StringComparison.Ordinal) ? variable[..^"_API_KEY".Length] : variable)
            .SelectMany(of => s_addressEnds.Select(end => of + end)).Concat(s_addresses.Where(pair => pair.Hub == hub).Select(pair => pair.Variable)).Distinct(StringComparer.Ordinal);

    /// <summary>Finds the keys among variables.</summary>
    /// <param name="unread">Names whose value is not known; a key whose address is among them is skipped, for it may be a private endpoint's.</param>
    public static void Find(IReadOnlyDictionary<string, string> variables, IReadOnlySet<string> unread, Findings found)
    {
        foreach (var (variable, hub) in s_keys)
        {
            if (!variables.TryGetValue(variable, out var secret))
                continue;

            if (AddressesOf(hub).FirstOrDefault(unread.Contains) is { } address)
            {
                found.Skip(variable, $"the address beside it, {address}, could not be read");
                continue;
            }

            var url = AddressesOf(hub).Select(name => variables.GetValueOrDefault(name)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
            found.Add(AtAddress(hub, hub, secret.Trim(), url?.Trim(), variable));
        }

        FindAws(variables, found);
        foreach (var unknown in variables.Keys.Where(name => name.EndsWith("_API_KEY", StringComparison.Ordinal) && !s_keys.Any(pair => pair.Variable == name)).Order(StringComparer.Ordinal))
            found.Skip(unknown, "no hub is known that reads it");
    }

    /// <summary>A key of OpenAI's shape for another address is a custom hub's key, not OpenAI's; one of another hub keeps its hub and is bound to the address.</summary>
    public static FoundKey AtAddress(string name, string hub, string? secret, string? url, string from, int? requests = null)
    {
        var seconds = requests is null ? (int?)null : 60;
        if (hub != "openai" || url is null)
            return new FoundKey(name, hub, secret, url, from, requests, seconds);

        var host = Uri.TryCreate(url, UriKind.Absolute, out var address) ? address.Host : "custom";
        return host.Equals("api.openai.com", StringComparison.OrdinalIgnoreCase)
            ? new FoundKey(name, hub, secret, null, from, requests, seconds)
            : new FoundKey(host, "custom", secret, url, from, requests, seconds);
    }

    private static void FindAws(IReadOnlyDictionary<string, string> variables, Findings found)
    {
        if (!variables.TryGetValue("AWS_ACCESS_KEY_ID", out var id) || !variables.TryGetValue("AWS_SECRET_ACCESS_KEY", out var secret))
            return;

        var region = s_regions.Select(name => variables.GetValueOrDefault(name)).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
        if (variables.ContainsKey("AWS_SESSION_TOKEN"))
        {
            found.Skip("AWS_ACCESS_KEY_ID", "it belongs to a session that ends; store a lasting key");
        }
        else if (region is null)
        {
            found.Skip("AWS_ACCESS_KEY_ID", "there is no AWS_REGION beside it");
        }
        else
        {
            found.Add(new FoundKey("bedrock", "bedrock", null, null, "AWS_ACCESS_KEY_ID", Fields: new Dictionary<string, string?> { ["region"] = region, ["access_key"] = id.Trim(), ["secret_access_key"] = secret.Trim() }));
        }
    }
}
