using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Keypace.Cli.Importing;

/// <summary>
/// Reads the keys of a LiteLLM proxy's <c>config.yaml</c>: those of <c>model_list</c>, by value, by <c>os.environ/NAME</c>, by
/// <c>litellm_credential_name</c>, or by the variable that its provider reads. The lowest <c>rpm</c> of a key's models becomes its limit.
/// </summary>
internal sealed class LiteLlm(Func<string, string?> environment)
{
    private const string FromEnvironment = "os.environ/";

    /// <summary>How deep merge keys are followed; a mapping may merge itself.</summary>
    private const int MostMerges = 8;

    // LiteLLM's names of providers, where they are not ours.
    private static readonly Dictionary<string, string> s_hubs = new(StringComparer.Ordinal)
    {
        ["together_ai"] = "together", ["fireworks_ai"] = "fireworks", ["nvidia_nim"] = "nvidia", ["cohere_chat"] = "cohere", ["text-completion-openai"] = "openai",
        ["azure_text"] = "azure",
    };

    // Servers of OpenAI's language that have no public address: without one of their own it is not known where their key belongs.
    private static readonly HashSet<string> s_private = new(StringComparer.Ordinal)
    {
        "openai_like", "custom_openai", "custom", "hosted_vllm", "vllm", "lm_studio", "llamafile", "xinference", "infinity", "litellm_proxy", "ollama", "ollama_chat",
    };

    private readonly Dictionary<string, string> _own = new(StringComparer.Ordinal);

    /// <exception cref="CommandFailure">It is no YAML, or has no list of models.</exception>
    public void Find(string text, string file, Findings found)
    {
        YamlMappingNode root;
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            root = yaml.Documents is [{ RootNode: YamlMappingNode mapping }, ..] ? mapping : throw NoConfig(file);
        }
        catch (YamlException broken)
        {
            throw CommandFailure.Usage($"Line {broken.Start.Line} of '{file}' is not YAML. Nothing was stored.");   // the message would quote what stands there
        }

        if (Child(root, "environment_variables") is YamlMappingNode variables)
        {
            foreach (var (name, value) in variables.Children)
                _own[Scalar(name) ?? ""] = Scalar(value) ?? "";
        }

        if (Child(root, "model_list") is not YamlSequenceNode models)
            throw NoConfig(file);

        foreach (var model in models.Children.OfType<YamlMappingNode>())
            FindIn(model, Credentials(root), found);
    }

    private void FindIn(YamlMappingNode entry, Dictionary<string, YamlMappingNode> credentials, Findings found)
    {
        var from = $"model {Text(entry, "model_name") ?? "without a name"}";
        if (Child(entry, "litellm_params") is not YamlMappingNode given || Text(given, "model") is not { } model)
        {
            found.Skip(from, "it has no litellm_params.model");
            return;
        }

        var provider = ProviderOf(model, Text(given, "custom_llm_provider"));
        if (provider is null or "vertex_ai" or "bedrock" or "sagemaker")
        {
            found.Skip(from, provider is null ? "its provider is not known here" : $"the credential of {provider} has several parts; store it with keypace api-keys create");
            return;
        }

        var shared = Text(given, "litellm_credential_name") is { } name ? credentials.GetValueOrDefault(name) : null;
        string? Given(string member) => Text(given, member) ?? (shared is null ? null : Text(shared, member));
        var hub = s_private.Contains(provider) ? "openai" : s_hubs.GetValueOrDefault(provider, provider);
        if (AddressOf(provider, hub, Given("api_base") ?? Given("base_url"), out var url) is { } nowhere)
        {
            found.Skip(from, nowhere);
            return;
        }

        var written = Given("api_key");
        var secret = written is null ? VariablesOf(provider, hub).Select(Look).FirstOrDefault(value => value is not null) : Resolve(written);
        if (secret is null)
        {
            found.Skip(from, written is null ? $"it names no key, and {string.Join(" or ", VariablesOf(provider, hub))} is not set" : $"the variable {written[FromEnvironment.Length..]} is not set");
            return;
        }

        found.Add(Variables.AtAddress(hub, hub, secret, url, from, Limit(Text(given, "rpm"))));
    }

    /// <summary>
    /// Where the key belongs: the model's own address, else that of the provider's variable, else the hub's public one (null). A private endpoint's key
    /// is never given to a public hub: where an address is named and cannot be read, or has to be there and is not, the key is skipped.
    /// </summary>
    /// <returns>Why it cannot be said; null when it can.</returns>
    private string? AddressOf(string provider, string hub, string? written, out string? url)
    {
        url = null;
        if (written is not null)
        {
            url = Resolve(written);
            return url is null ? $"its address stands in the variable {written[FromEnvironment.Length..]}, which is not set" : null;
        }

        if (!s_private.Contains(provider))
        {
            url = Variables.AddressesOf(hub).Select(Look).FirstOrDefault(value => value is not null);
            return null;
        }

        url = Look(Prefix(provider) + "_API_BASE") ?? Look(Prefix(provider) + "_BASE_URL");
        return url is null ? $"a server of {provider} has no public address, and neither api_base nor {Prefix(provider)}_API_BASE is set" : null;
    }

    private static string[] VariablesOf(string provider, string hub) =>
        s_private.Contains(provider) ? [Prefix(provider) + "_API_KEY"] : [.. Variables.OfHub(hub).DefaultIfEmpty(Prefix(provider) + "_API_KEY")];

    private static string Prefix(string provider) => provider.ToUpperInvariant().Replace('-', '_');

    /// <summary>Requests a minute; a limit that is no whole number is rounded down, one under 1 is none.</summary>
    private static int? Limit(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var requests) && requests is >= 1 and <= int.MaxValue ? (int)requests : null;

    private static string? ProviderOf(string model, string? provider)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        return provider ?? (slash > 0 ? model[..slash]
            : model.StartsWith("gpt-", StringComparison.Ordinal) || model.StartsWith("o1", StringComparison.Ordinal) || model.StartsWith("o3", StringComparison.Ordinal) ? "openai"
            : model.StartsWith("claude-", StringComparison.Ordinal) ? "anthropic"
            : null);
    }

    private static Dictionary<string, YamlMappingNode> Credentials(YamlMappingNode root)
    {
        var all = new Dictionary<string, YamlMappingNode>(StringComparer.Ordinal);
        foreach (var one in Child(root, "credential_list") is YamlSequenceNode list ? list.Children.OfType<YamlMappingNode>() : [])
        {
            if (Text(one, "credential_name") is { } name && Child(one, "credential_values") is YamlMappingNode values)
                all[name] = values;
        }

        return all;
    }

    /// <summary>The value itself, or that of the variable it names; null when that is not set.</summary>
    private string? Resolve(string? text) =>
        text is not null && text.StartsWith(FromEnvironment, StringComparison.Ordinal) ? Look(text[FromEnvironment.Length..]) : text;

    private string? Look(string variable)
    {
        var value = !_own.TryGetValue(variable, out var own) ? environment(variable)
            : own.StartsWith(FromEnvironment, StringComparison.Ordinal) ? environment(own[FromEnvironment.Length..])
            : own;
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }

    private static CommandFailure NoConfig(string file) => CommandFailure.Usage($"'{file}' has no model_list; it is no configuration of a LiteLLM proxy. Nothing was stored.");

    /// <summary>A member, the holder's own or one that it takes from others by YAML's merge key (<c>&lt;&lt;: *defaults</c>); the first one counts.</summary>
    private static YamlNode? Child(YamlMappingNode holder, string name, int depth = 0)
    {
        if (holder.Children.TryGetValue(new YamlScalarNode(name), out var child))
            return child;

        var merged = depth < MostMerges && holder.Children.TryGetValue(new YamlScalarNode("<<"), out var merge)
            ? merge is YamlSequenceNode several ? several.Children.OfType<YamlMappingNode>() : [.. new[] { merge }.OfType<YamlMappingNode>()]
            : [];
        return merged.Select(other => Child(other, name, depth + 1)).FirstOrDefault(found => found is not null);
    }

    private static string? Text(YamlMappingNode holder, string name) => Child(holder, name) is { } child ? Scalar(child) : null;

    private static string? Scalar(YamlNode node) => node is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;
}
