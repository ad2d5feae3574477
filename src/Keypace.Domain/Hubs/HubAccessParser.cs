using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>Reads the members of a hub file that say how the hub is reached. A variant takes over what it does not mention.</summary>
internal sealed class HubAccessParser(HubFileMistake mistake, IReadOnlyList<HubField> fields, HubFileSource source)
{
    public HubAccess Read(HubFileReader file, HubAccess? usual)
    {
        var standard = usual ?? new HubAccess();
        var access = new HubAccess
        {
            When = usual is null ? null : ReadWhen(file),
            Label = file.Text("label", 80),
            ValueLabel = file.Text("value_label", 80) ?? standard.ValueLabel,
            Needs = ReadFieldNames(file, "needs"),
            Offers = ReadFieldNames(file, "offers"),
            ModelsField = file.Mentions("models_field") ? HubFieldNames.Public(file, "models_field", fields) : standard.ModelsField,
            BaseUrl = ReadBaseUrl(file, usual),
            DefaultPrefix = file.Mentions("default_prefix") ? ReadDefaultPrefix(file) : standard.DefaultPrefix,
            MovedFrom = ReadMovedFrom(file, usual),
            SecretFields = file.Has("secret") ? ReadSecret(file) : standard.SecretFields,
            SecretRequired = file.Flag("secret_required", standard.SecretRequired),
            Auth = file.Has("auth") ? HubAuthParser.Read(file.Object("auth"), fields) : standard.Auth,
            Paths = file.Has("paths") ? ReadPaths(file.Object("paths"), standard.Paths) : standard.Paths,
            Protocol = file.Mentions("protocol")
                ? file.Word("protocol", HubProtocol.OpenAi, ("openai", HubProtocol.OpenAi), ("anthropic", HubProtocol.Anthropic),
                    ("bedrock", HubProtocol.Bedrock), ("bedrock_agent", HubProtocol.BedrockAgent), ("plain_json", HubProtocol.PlainJson))
                : standard.Protocol,
            ChatQuery = file.Mentions("chat_query") ? ReadChatQuery(file) : standard.ChatQuery,
            Test = file.Mentions("test") ? HubTestParser.Read(file, fields) : standard.Test,
        };

        // Asked for so that they count as known where they are absent.
        _ = (file.Has("auth"), file.Object("auth"), file.Object("paths"), file.Text("default_prefix"), file.Text("chat_query"), file.Text("protocol"), file.Text("models_field"));
        if (!file.Has("secret"))
            _ = file.Text("secret");
        if (!file.Mentions("test"))
            _ = file.Objects("test");
        if (usual is not null)
            file.RefuseOthers();
        return access;
    }

    private HubCondition ReadWhen(HubFileReader file)
    {
        if (file.Object("when") is not { } when)
        {
            mistake.At(file.Node.Line, "a variant needs \"when\". Add, for example, \"when\": {\"given\": [\"agent_id\"]}");
            return new HubCondition([], new Dictionary<string, string>());
        }

        var condition = new HubCondition(when.Texts("given"), when.Pairs("equals")) { AllGiven = when.Texts("all_given") };
        foreach (var name in condition.Given.Concat(condition.AllGiven).Where(name => fields.All(field => field.Name != name)))
            when.Wrong("given", $"names \"{name}\", which is not among \"fields\"");
        foreach (var name in condition.EqualTo.Keys.Where(name => !fields.Any(field => field.Name == name && !field.Secret)))
            when.Wrong("equals", $"names \"{name}\", which is not among the \"fields\" that are not secret");
        if (condition.Given.Count == 0 && condition.AllGiven.Count == 0 && condition.EqualTo.Count == 0)
            when.Wrong("given", "is missing or empty. Name the fields that make this variant apply");
        when.RefuseOthers();
        return condition;
    }

    private AddressTemplate? ReadBaseUrl(HubFileReader file, HubAccess? usual)
    {
        var text = file.Text("base_url", Destination.MostCharacters);
        if (text is not null)
            return ReadTemplate(file, "base_url", text);
        if (!file.Mentions("base_url") && usual is null)
            mistake.At(file.Node.Line, "\"base_url\" is missing. Add the hub's address, such as \"base_url\": \"https://api.example.com/v1\", or null when each key brings its own");
        return file.Mentions("base_url") ? null : usual?.BaseUrl;
    }

    private AddressTemplate? ReadTemplate(HubFileReader file, string member, string text)
    {
        if (AddressTemplate.Read(text) is not { } template)
        {
            file.Wrong(member, $"holds \"{text}\", which is no base address. Write it as https://host/path, without user name, query or fragment, field names in single braces");
            return null;
        }

        foreach (var name in template.FieldNames.Where(name => !fields.Any(field => field.Name == name && !field.Secret)))
            file.Wrong(member, $"uses {{{name}}}, which is not among the \"fields\" that are not secret");
        return template;
    }

    private IReadOnlyList<AddressTemplate> ReadMovedFrom(HubFileReader file, HubAccess? usual)
    {
        var former = file.Texts("moved_from");
        if (former.Count > 0 && source == HubFileSource.Folder)
            file.Wrong("moved_from", "is only for hubs that come with Keypace: it lets stored secrets go to another address. Remove it and enter the secrets again");
        return file.Mentions("moved_from") || usual is null
            ? [.. former.Select(text => ReadTemplate(file, "moved_from", text)).OfType<AddressTemplate>()]
            : usual.MovedFrom;
    }

    private static string? ReadDefaultPrefix(HubFileReader file)
    {
        if (file.Text("default_prefix") is not { } text)
            return null;
        if (text.StartsWith('/') && PathRules.TryCanonicalPrefix(text, out var prefix))
            return prefix;
        file.Wrong("default_prefix", "must be a path that begins with a slash, such as /api/v1");
        return null;
    }

    private IReadOnlyList<string> ReadSecret(HubFileReader file)
    {
        var isList = file.Node.Members["secret"].Value.Kind == System.Text.Json.JsonValueKind.Array;
        var names = isList ? file.Texts("secret") : file.Text("secret") is { } one ? [one] : [];
        if (names is [HubAccess.Value])
            return names;
        if (names.Count == 0)
            file.Wrong("secret", "must be \"value\", the name of a secret field, or a list of such names");
        foreach (var name in names.Where(name => !fields.Any(field => field.Name == name && field.Secret)))
            file.Wrong("secret", $"names \"{name}\", which is not \"value\" alone and not among the \"fields\" with \"secret\": true");
        return names;
    }

    private IReadOnlyList<string> ReadFieldNames(HubFileReader file, string member)
    {
        var names = file.Texts(member);
        foreach (var name in names.Where(name => fields.All(field => field.Name != name)))
            file.Wrong(member, $"names \"{name}\", which is not among \"fields\"");
        return names;
    }

    private HubPaths ReadPaths(HubFileReader? paths, HubPaths standard)
    {
        if (paths is null)
            return standard;
        var read = new HubPaths(
            PathIn(paths, "chat", standard.Chat), PathIn(paths, "completions", standard.Completions), PathIn(paths, "embeddings", standard.Embeddings),
            PathIn(paths, "responses", standard.Responses), PathIn(paths, "models", standard.Models));
        paths.RefuseOthers();
        return read;
    }

    private string? PathIn(HubFileReader paths, string name, string? standard)
    {
        if (!paths.Mentions(name))
        {
            _ = paths.Text(name);
            return standard;
        }

        var path = paths.Text(name);
        if (path is not null)
            HubFieldNames.CheckPlaces(paths, name, path, fields, mayHaveModel: true);
        var plain = path?.Replace('{', 'x').Replace('}', 'x');
        var isAddressItself = name == "chat" && plain?.Length == 0;
        if (plain is not null && !isAddressItself && !IsRelative(name == "models" && plain.StartsWith('/') ? plain[1..] : plain))
            paths.Wrong(name, "must be a path under the base address without a slash in front, such as chat/completions, or null when the hub has none");
        return path;
    }

    /// <summary>A path that stays under whatever it is put behind.</summary>
    public static bool IsRelative(string path) =>
        path.Length > 0 && path[0] != '/' && !path.AsSpan().ContainsAny('{', '}', '#') && !path.Contains("://", StringComparison.Ordinal)
        && PathRules.IsSafeTarget(path);

    private static string? ReadChatQuery(HubFileReader file)
    {
        var query = file.Text("chat_query");
        if (query is not null && (query.Length == 0 || query[0] == '?' || !PathRules.IsSafeTarget("x?" + query)))
            file.Wrong("chat_query", "must be a query without the question mark, such as agent=true, or null");
        return query;
    }
}
