namespace Keypace.Domain.Hubs;

/// <summary>Reads the steps by which a hub file says that a key is tested.</summary>
internal static class HubTestParser
{
    /// <param name="fields">The hub's fields: a path may have places for those that are not secret.</param>
    public static List<HubTest> Read(HubFileReader file, IReadOnlyList<HubField> fields)
    {
        var steps = new List<HubTest>();
        foreach (var item in file.Objects("test"))
        {
            var method = item.Word("method", "GET", ("GET", "GET"), ("POST", "POST"));
            var path = item.NeededText("path", "\"path\": \"models\"");
            if (FieldTemplate.Places(path) is not { } places || places.Any(name => !fields.Any(field => field.Name == name && !field.Secret)))
                item.Wrong("path", "has a place in braces for something that is not among the \"fields\" that are not secret");
            else if (item.Has("path") && !HubAccessParser.IsRelative((path.StartsWith('/') ? path[1..] : path).Replace('{', 'x').Replace('}', 'x')))
                item.Wrong("path", "must be a path under the base address (models), or one with a slash in front under its origin (/v1/models); a key is never sent to another host");
            var body = item.Text("body", 4000);
            if (method == "POST" != body is not null)
                item.Wrong("body", "belongs to POST: give it there, and only there");
            var test = new HubTest(method, path, body, item.Numbers("works", 100, 599), item.Numbers("refused", 100, 599),
            [
                .. ReadPhrases(item, "works_when", HubTestVerdict.Works), .. ReadPhrases(item, "refused_when", HubTestVerdict.Refused),
                .. ReadPhrases(item, "no_quota_when", HubTestVerdict.NoQuota), .. ReadPhrases(item, "no_access_when", HubTestVerdict.NoAccess),
            ], item.Flag("lists_models", absent: false));
            if (test.Works.Count == 0 && test.Refused.Count == 0)
                item.Wrong("works", "is missing, and so is \"refused\". Say which statuses tell something, such as \"works\": [200], \"refused\": [401]");
            if (test.Works.Intersect(test.Refused).Any())
                item.Wrong("refused", "holds a status that also stands in \"works\"");
            steps.Add(test);
            item.RefuseOthers();
        }

        return steps;
    }

    /// <summary>One phrase, or a list of them.</summary>
    private static List<HubTestPhrase> ReadPhrases(HubFileReader item, string member, HubTestVerdict verdict)
    {
        var phrases = new List<HubTestPhrase>();
        foreach (var when in item.ObjectOrObjects(member))
        {
            phrases.Add(new HubTestPhrase(when.Number("status", 100, 599), when.NeededText("contains", "\"contains\": \"missing scopes\""), verdict));
            when.RefuseOthers();
        }

        return phrases;
    }
}
