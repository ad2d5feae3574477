using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>Reads one hub file, strictly: a member that is not known is a mistake, never a surprise later.</summary>
internal sealed class HubFileParser(string fileName, HubFileSource source)
{
    private readonly HubFileMistake _mistake = new();

    public Outcome<HubProfile> Parse(ReadOnlySpan<byte> json)
    {
        if (HubFileNode.Read(json, out var line, out var error) is not { } root)
            return Refuse(line, error);
        if (root.Kind != System.Text.Json.JsonValueKind.Object)
            return Refuse(root.Line, "a hub file is one object in braces");

        var file = new HubFileReader(_mistake, root, "");
        _ = file.Text("$schema");   // for editors
        var fields = ReadFields(file);
        var accesses = new HubAccessParser(_mistake, fields, source);
        var access = accesses.Read(file, null);
        var passes = file.Object("passes");
        var limitHeaders = ReadLimitHeaders(file);
        var profile = new HubProfile
        {
            Name = ReadName(file),
            DisplayName = file.NeededText("display_name", "\"display_name\": \"My hub\""),
            Served = file.Flag("served", absent: true),
            Fields = fields,
            Access = access,
            Variants = [.. file.Objects("variants").Select(variant => accesses.Read(variant, access))],
            Models = file.Texts("models"),
            DefaultLimit = ReadLimit(file),
            Pacing = file.Word("pacing", PacingHint.Auto, ("auto", PacingHint.Auto), ("burst", PacingHint.Burst), ("smooth", PacingHint.Smooth)),
            LimitHeaders = limitHeaders,
            PassesToHub = ReadPassing(passes, "to_hub", []),
            PassesToCaller = ReadPassing(passes, "to_caller", limitHeaders.SelectMany(header => new[] { header.Limit, header.Remaining, header.Reset }).OfType<string>()),
            TerminalCodes = file.Texts("terminal_codes"),
            KeyPage = ReadKeyPage(file),
            KeyPageText = file.Text("key_page_text", 120),
            NeedsUsageOption = file.Flag("needs_usage_option", absent: true),
            MostTokensMember = file.Word("most_tokens_member", "max_tokens", ("max_tokens", "max_tokens"), ("max_completion_tokens", "max_completion_tokens")),
            AccountHeaders = ReadAccountHeaders(file),
            ModelList = file.Word("model_list", ModelListShape.Data, ("data", ModelListShape.Data), ("array", ModelListShape.Array), ("none", ModelListShape.None)),
            FileName = fileName,
        };
        passes?.RefuseOthers();
        CheckCredentials(file, profile);
        file.RefuseOthers();
        return _mistake.What is { } what ? Refuse(_mistake.Line, what) : profile;
    }

    private static void CheckCredentials(HubFileReader file, HubProfile profile)
    {
        foreach (var access in profile.Variants.Prepend(profile.Access))
        {
            if (access.Auth.Kind is HubAuthKind.Header && access.SecretFields.Count > 1)
                file.Wrong("secret", "names several fields, but a header carries one secret. Name one");
            if (access.Auth.Kind is HubAuthKind.AwsSignature && !(access.SecretFields.Contains("access_key") && access.SecretFields.Contains("secret_access_key") && profile.Fields.Any(field => field is { Name: "region", Required: true })))
                file.Wrong("secret", "must name access_key and secret_access_key, and there must be a required field region: a signature is made of those");
            if (access.Auth.Kind is HubAuthKind.GoogleToken or HubAuthKind.GoogleServiceAccount or HubAuthKind.ClientCredentials && access.Auth.TokenUrl is null)
                file.Wrong("auth", "needs \"token_url\", the address that gives out access tokens");
        }
    }

    private static IReadOnlyList<string> ReadAccountHeaders(HubFileReader file)
    {
        var named = file.Texts("account_headers");
        if (named.FirstOrDefault(name => !HeaderNames.IsName(name)) is { } wrong)
            file.Wrong("account_headers", $"names \"{wrong}\", but must name headers in lower case, such as openai-organization");
        return named;
    }

    private static HeaderList ReadPassing(HubFileReader? passes, string direction, IEnumerable<string> also)
    {
        var named = passes?.Texts(direction) ?? [];
        foreach (var name in named)
        {
            if (!HeaderNames.MayPass(name))
                passes!.Wrong(direction, $"names \"{name}\". Name headers in lower case (x-acme-* for all that begin so); credentials, framing and what proxies and browsers obey never pass");
        }

        return new HeaderList(named.Concat(also));
    }

    private Refusal Refuse(int line, string what) =>
        new(RefusalReason.Invalid, "bad_hub_file", $"{fileName}:{line}: {what}.");

    private string ReadName(HubFileReader file)
    {
        var name = file.NeededText("name", "\"name\": \"my-hub\"");
        if (!file.Has("name"))
            return name;
        if (name.Length is 0 or > 64 || !char.IsAsciiLetter(name[0]) || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
            file.Wrong("name", "must begin with a letter and hold only letters, digits, hyphens and underscores, at most 64");
        else if (name == "agent")
            file.Wrong("name", "must not be \"agent\": models named agent/… are the team's agents");
        else if (Path.GetFileNameWithoutExtension(fileName) != name)
            file.Wrong("name", $"is \"{name}\", but the file is not called {name}.json. Rename one of them");
        return name;
    }

    private static string? ReadKeyPage(HubFileReader file)
    {
        var page = file.Text("key_page");
        if (page is not null && !(Uri.TryCreate(page, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps))
            file.Wrong("key_page", "must be the https address of the page where people get a key, or null");
        return page;
    }

    private static List<HubField> ReadFields(HubFileReader file)
    {
        var fields = new List<HubField>();
        foreach (var item in file.Objects("fields"))
        {
            var name = item.NeededText("name", "\"name\": \"region\"");
            if (name.Length is 0 or > 64 || !name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '_'))
                item.Wrong("name", "must hold only lower-case letters, digits and underscores, at most 64");
            else if (name == HubAccess.Value || name.StartsWith(HubConfig.MaskPrefix, StringComparison.Ordinal))
                item.Wrong("name", $"must not be \"value\" or begin with \"{HubConfig.MaskPrefix}\": those have a meaning of their own");
            else if (fields.Any(field => field.Name == name))
                item.Wrong("name", $"\"{name}\" is there already");
            fields.Add(new HubField(
                name, item.NeededText("label", "\"label\": \"Region\""), item.Flag("required", absent: false),
                item.Flag("secret", absent: false), item.Flag("masked", absent: true),
                item.Word("form", FieldForm.Text, [.. FieldForms.All]), item.Text("hint")));
            item.RefuseOthers();
        }

        return fields;
    }

    private DefaultLimit ReadLimit(HubFileReader file)
    {
        const string Example = "\"rate_limit\": {\"count\": 60, \"interval_seconds\": 60, \"tier\": …, \"source\": …, \"as_of\": …, \"confidence\": …}";
        if (file.Object("rate_limit") is not { } limit)
        {
            if (!file.Has("rate_limit"))
                _mistake.At(file.Node.Line, $"\"rate_limit\" is missing. Add {Example}");
            return new DefaultLimit(new RateLimit(1, 1), "", "", "", "", null);
        }

        var asOf = limit.NeededText("as_of", "\"as_of\": \"2026-10-08\"");
        if (limit.Has("as_of") && !IsDate(asOf))
            limit.Wrong("as_of", "must be a day, month or year: 2026-10-08, 2026-10 or 2026");
        var confidence = limit.NeededText("confidence", "\"confidence\": \"medium\"");
        if (limit.Has("confidence") && !(confidence.Split([' ', ',', ';', '-'], 2)[0] is "high" or "medium" or "low" or "policy"))
            limit.Wrong("confidence", "must begin with high, medium, low or policy");
        var read = new DefaultLimit(
            new RateLimit(limit.Number("count", 1, RateLimit.MostCount), limit.Number("interval_seconds", 1, RateLimit.MostSeconds)),
            limit.NeededText("tier", "\"tier\": \"Free\""),
            limit.NeededText("source", "\"source\": \"https://…\""),
            asOf,
            confidence,
            limit.Text("why"));
        limit.RefuseOthers();
        return read;
    }

    private static bool IsDate(string text) => text.Length switch
    {
        4 => text.All(char.IsAsciiDigit),
        7 => DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out _),
        _ => DateOnly.TryParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.None, out _),
    };

    private static List<LimitHeader> ReadLimitHeaders(HubFileReader file)
    {
        var headers = new List<LimitHeader>();
        foreach (var item in file.Objects("limit_headers"))
        {
            var header = new LimitHeader(
                item.Word("dimension", LimitDimension.Requests,
                    ("requests", LimitDimension.Requests), ("tokens", LimitDimension.Tokens),
                    ("input_tokens", LimitDimension.InputTokens), ("output_tokens", LimitDimension.OutputTokens)),
                item.Number("interval_seconds", 1, RateLimit.MostSeconds),
                HubAuthParser.HeaderName(item, "limit"),
                HubAuthParser.HeaderName(item, "remaining"),
                HubAuthParser.HeaderName(item, "reset"));
            if (header is { Limit: null, Remaining: null, Reset: null })
                item.Wrong("limit", "is missing, and so are \"remaining\" and \"reset\". Name at least one header");
            headers.Add(header);
            item.RefuseOthers();
        }

        return headers;
    }
}
