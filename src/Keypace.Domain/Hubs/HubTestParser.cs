namespace Keypace.Domain.Hubs;

/// <summary>Reads the steps by which a hub file says that a key is tested.</summary>
internal static class HubTestParser
{
    public static List<HubTest> Read(HubFileReader file)
    {
        var steps = new List<HubTest>();
        foreach (var item in file.Objects("test"))
        {
            var method = item.Word("method", "GET", ("GET", "GET"), ("POST", "POST"));
            var path = item.NeededText("path", "\"path\": \"models\"");
            if (item.Has("path") && !HubAccessParser.IsRelative(path.StartsWith('/') ? path[1..] : path))
                item.Wrong("path", "must be a path under the base address (models), or one with a slash in front under its origin (/v1/models); a key is never sent to another host");
            var body = item.Text("body", 4000);
            if (method == "POST" != body is not null)
                item.Wrong("body", "belongs to POST: give it there, and only there");
            var test = new HubTest(method, path, body, item.Numbers("works", 100, 599), item.Numbers("refused", 100, 599), ReadPhrase(item));
            if (test.Works.Count == 0 && test.Refused.Count == 0)
                item.Wrong("works", "is missing, and so is \"refused\". Say which statuses tell something, such as \"works\": [200], \"refused\": [401]");
            if (test.Works.Intersect(test.Refused).Any())
                item.Wrong("refused", "holds a status that also stands in \"works\"");
            steps.Add(test);
            item.RefuseOthers();
        }

        return steps;
    }

    private static HubTestPhrase? ReadPhrase(HubFileReader item)
    {
        if (item.Object("works_when") is not { } when)
            return null;
        var phrase = new HubTestPhrase(when.Number("status", 100, 599), when.NeededText("contains", "\"contains\": \"missing scopes\""));
        when.RefuseOthers();
        return phrase;
    }
}
