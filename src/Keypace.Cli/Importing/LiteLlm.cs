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

    // LiteLLM's names of providers, where they are not ours.
    private static readonly Dictionary<string, string> s_hubs = new(StringComparer.Ordinal)
    {
        ["together_ai"] = "together", ["fireworks_ai"] = "fireworks", ["nvidia_nim"] = "nvidia", ["cohere_chat"] = "cohere", ["text-completion-openai"] = "openai",
        ["openai_like"] = "openai", ["custom_openai"] = "openai", ["hosted_vllm"] = "openai", ["azure_text"] = "azure",
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
            {
                _own[Scalar(name) ?? ""] = Scalar(value) ?? "";
            }
        }

        if (Child(root, "model_list") is not YamlSequenceNode models)
        {
            throw NoConfig(file);
        }

        foreach (var model in models.Children.OfType<YamlMappingNode>())
        {
            FindIn(model, Credentials(root), found);
        }
    }

    private void FindIn(YamlMappingNode entry, Dictionary<string, YamlMappingNode> credentials, Findings found)
    {
        var from = $"model {Text(entry, "model_name") ?? "without a name"}";
        if (Child(entry, "litellm_params") is not YamlMappingNode given || Text(given, "model") is not { } model)
        {
            found.Skip(from, "it has no litellm_params.model");
            return;
        }

        var hub = HubOf(model, Text(given, "custom_llm_provider"));
        var shared = Text(given, "litellm_credential_name") is { } name ? credentials.GetValueOrDefault(name) : null;
        var url = Resolve(Text(given, "api_base") ?? Text(given, "base_url") ?? (shared is null ? null : Text(shared, "api_base")));
        var written = Text(given, "api_key") ?? (shared is null ? null : Text(shared, "api_key"));
        if (hub is null or "vertex_ai" or "bedrock" or "sagemaker")
        {
            found.Skip(from, hub is null ? "its provider is not known here" : $"the credential of {hub} has several parts; store it with keypace api-keys create");
            return;
        }

        var secret = written is null ? Variables.OfHub(hub).Select(Look).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value)) : Resolve(written);
        if (secret is null)
        {
            found.Skip(from, written is null ? $"it names no key, and {string.Join(" or ", Variables.OfHub(hub).DefaultIfEmpty("a variable for it"))} is not set" : $"the variable {written[FromEnvironment.Length..]} is not set");
            return;
        }

        var rpm = int.TryParse(Text(given, "rpm"), NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests > 0 ? requests : (int?)null;
        found.Add(Variables.AtAddress(hub, hub, secret, url, from, rpm));
    }

    private static string? HubOf(string model, string? provider)
    {
        var slash = model.IndexOf('/', StringComparison.Ordinal);
        var named = provider ?? (slash > 0 ? model[..slash] : null);
        return named is not null ? s_hubs.GetValueOrDefault(named, named)
            : model.StartsWith("gpt-", StringComparison.Ordinal) || model.StartsWith("o1", StringComparison.Ordinal) || model.StartsWith("o3", StringComparison.Ordinal) ? "openai"
            : model.StartsWith("claude-", StringComparison.Ordinal) ? "anthropic"
            : null;
    }

    private static Dictionary<string, YamlMappingNode> Credentials(YamlMappingNode root)
    {
        var all = new Dictionary<string, YamlMappingNode>(StringComparer.Ordinal);
        foreach (var one in Child(root, "credential_list") is YamlSequenceNode list ? list.Children.OfType<YamlMappingNode>() : [])
        {
            if (Text(one, "credential_name") is { } name && Child(one, "credential_values") is YamlMappingNode values)
            {
                all[name] = values;
            }
        }

        return all;
    }

    /// <summary>The value itself, or that of the variable it names; null when that is not set.</summary>
    private string? Resolve(string? text) =>
        text is not null && text.StartsWith(FromEnvironment, StringComparison.Ordinal) ? Look(text[FromEnvironment.Length..]) : text;

    private string? Look(string variable)
    {
        var value = _own.TryGetValue(variable, out var own) && !own.StartsWith(FromEnvironment, StringComparison.Ordinal) ? own : environment(variable);
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }

    private static CommandFailure NoConfig(string file) => CommandFailure.Usage($"'{file}' has no model_list; it is no configuration of a LiteLLM proxy. Nothing was stored.");

    private static YamlNode? Child(YamlMappingNode holder, string name) => holder.Children.TryGetValue(new YamlScalarNode(name), out var child) ? child : null;

    private static string? Text(YamlMappingNode holder, string name) => Child(holder, name) is { } child ? Scalar(child) : null;

    private static string? Scalar(YamlNode node) => node is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;
}
