using CsCheck;
using Keypace.Domain.Hubs;
using Keypace.Server.Platform;

namespace Keypace.Tests.Domain.Hubs;

public sealed class HubFileTests
{
    [Fact]
    public void A_file_with_only_what_is_needed_makes_an_openai_compatible_hub()
    {
        var hub = TestHubs.With("\"models\": []");
        Assert.True(hub.Served);
        Assert.Equal("header:authorization:bearer", hub.Auth.Injection);
        Assert.Equal("Bearer ", hub.Auth.Scheme);
        Assert.Equal("chat/completions", hub.Access.PathOf("chat/completions"));
        Assert.True(hub.Access.SecretIsValue);
        Assert.Equal("https://api.small.example/v1", hub.BaseUrl);
        Assert.False(hub.UrlRequired);
    }

    [Theory]
    [InlineData("\"name\": \"small\"", "\"name\": \"other\"", 2, "other.json")]
    [InlineData("\"name\": \"small\"", "\"name\": \"agent\"", 2, "agent")]
    [InlineData("\"name\": \"small\"", "\"name\": 7", 2, "text in quotes")]
    [InlineData("\"name\": \"small\"", "\"name\": \"sm all\"", 2, "letters")]
    [InlineData("  \"name\": \"small\",\n", "", 1, "\"name\" is missing")]
    [InlineData("\"display_name\": \"Small\"", "\"display_name\": \"Small\",\n  \"bse_url\": \"x\"", 4, "\"bse_url\" is not known")]
    [InlineData("\"display_name\": \"Small\"", "\"display_name\": \"Small\",\n  \"display_name\": \"Twice\"", 4, "second time")]
    [InlineData("\"https://api.small.example/v1\"", "\"api.small.example\"", 4, "https://host/path")]
    [InlineData("\"https://api.small.example/v1\"", "\"ftp://api.small.example\"", 4, "https://host/path")]
    [InlineData("\"https://api.small.example/v1\"", "\"https://u:p@api.small.example\"", 4, "https://host/path")]
    [InlineData("\"https://api.small.example/v1\"", "\"https://{region}.small.example\"", 4, "{region}")]
    [InlineData("\"https://api.small.example/v1\"", "\"https://{region.small.example\"", 4, "https://host/path")]
    [InlineData("  \"base_url\": \"https://api.small.example/v1\",\n", "", 1, "\"base_url\" is missing")]
    [InlineData("\"count\": 60", "\"count\": 0", 6, "from 1 to 1000000")]
    [InlineData("\"count\": 60", "\"count\": 1000001", 6, "from 1 to 1000000")]
    [InlineData("\"count\": 60", "\"count\": 1.5", 6, "whole number")]
    [InlineData("\"count\": 60", "\"count\": \"60\"", 6, "whole number")]
    [InlineData("\"count\": 60", "\"count\": -1", 6, "whole number")]
    [InlineData("\"interval_seconds\": 60", "\"interval_seconds\": 86401", 7, "from 1 to 86400")]
    [InlineData("\"interval_seconds\": 60", "\"interval_secs\": 60", 5, "interval_seconds\" is missing")]
    [InlineData("\"tier\": \"Free\"", "\"tier\": null", 5, "\"rate_limit.tier\" is missing")]
    [InlineData("\"2026-10-08\"", "\"yesterday\"", 10, "2026-10-08")]
    [InlineData("\"2026-10-08\"", "\"2026-13\"", 10, "2026-10-08")]
    [InlineData("\"high\"", "\"quite\"", 11, "high, medium, low or policy")]
    [InlineData("\"confidence\": \"high\"", "\"confidence\": \"high\",", 12, "not valid JSON")]
    [InlineData("\"tier\": \"Free\",", "\"tier\": \"Free\"", 9, "not valid JSON")]
    public void A_mistake_is_shown_with_file_line_and_what_to_write(string right, string wrong, int line, string says)
    {
        var json = TestHubs.Small.ReplaceLineEndings("\n");
        Assert.Contains(right, json, StringComparison.Ordinal);
        AssertMistake(json.Replace(right, wrong, StringComparison.Ordinal), line, says);
    }

    [Theory]
    [InlineData("\"served\": \"yes\"", "true or false")]
    [InlineData("\"pacing\": \"fast\"", "auto, burst, smooth")]
    [InlineData("\"model_list\": \"list\"", "data, array, none")]
    [InlineData("\"models\": [1]", "texts in quotes")]
    [InlineData("\"models\": {}", "a list in brackets")]
    [InlineData("\"key_page\": \"http://x.example\"", "https address")]
    [InlineData("\"auth\": []", "an object in braces")]
    [InlineData("\"auth\": {\"header\": \"X-Api-Key\"}", "lower case")]
    [InlineData("\"auth\": {\"header\": \"x api\"}", "lower case")]
    [InlineData("\"auth\": {\"header\": \"x-api\\r\\nhost\"}", "control character")]
    [InlineData("\"auth\": {\"header\": \"host\"}", "must not be")]
    [InlineData("\"auth\": {\"header\": \"cookie\"}", "must not be")]
    [InlineData("\"auth\": {\"scheme\": \"Bearer\"}", "one word and a space")]
    [InlineData("\"auth\": {\"kind\": \"magic\"}", "header, google, google_service_account, client_credentials, aws")]
    [InlineData("\"auth\": {\"extra_headers\": {\"authorization\": \"x\"}}", "extra_headers")]
    [InlineData("\"auth\": {\"extra_headers\": {\"Bad Name\": \"x\"}}", "extra_headers")]
    [InlineData("\"auth\": {\"extra_headers\": {\"x-a\": \"a\\nb\"}}", "line breaks")]
    [InlineData("\"auth\": {\"extra_headers\": {\"x-a\": 1}}", "text in quotes")]
    [InlineData("\"auth\": {\"kind\": \"aws\"}", "must name access_key and secret_access_key")]
    [InlineData("\"secret\": [\"a\", \"b\"], \"fields\": [{\"name\": \"a\", \"label\": \"A\", \"secret\": true}, {\"name\": \"b\", \"label\": \"B\", \"secret\": true}]", "one secret")]
    [InlineData("\"paths\": {\"chat\": \"/chat\"}", "without a slash in front")]
    [InlineData("\"paths\": {\"chat\": \"../chat\"}", "without a slash in front")]
    [InlineData("\"paths\": {\"caht\": \"chat\"}", "not known")]
    [InlineData("\"chat_query\": \"?a=b\"", "without the question mark")]
    [InlineData("\"default_prefix\": \"api\"", "begins with a slash")]
    [InlineData("\"secret\": \"token\"", "token")]
    [InlineData("\"secret\": []", "must be \"value\"")]
    [InlineData("\"secret\": 1", "text in quotes")]
    [InlineData("\"fields\": [{\"name\": \"value\", \"label\": \"x\"}]", "a meaning of their own")]
    [InlineData("\"fields\": [{\"name\": \"display_x\", \"label\": \"x\"}]", "a meaning of their own")]
    [InlineData("\"fields\": [{\"name\": \"Region\", \"label\": \"x\"}]", "lower-case")]
    [InlineData("\"fields\": [{\"name\": \"a\", \"label\": \"x\"}, {\"name\": \"a\", \"label\": \"x\"}]", "there already")]
    [InlineData("\"fields\": [{\"name\": \"a\"}]", "label\" is missing")]
    [InlineData("\"variants\": [{}]", "\"when\"")]
    [InlineData("\"variants\": [{\"when\": {\"given\": [\"x\"]}}]", "not among")]
    [InlineData("\"variants\": [{\"when\": {}}]", "missing or empty")]
    [InlineData("\"variants\": [{\"when\": {\"given\": []}, \"models\": []}]", "missing or empty")]
    [InlineData("\"test\": [{\"path\": \"https://evil.example/x\", \"works\": [200]}]", "another host")]
    [InlineData("\"test\": [{\"path\": \"//evil.example/x\", \"works\": [200]}]", "another host")]
    [InlineData("\"test\": [{\"path\": \"models\"}]", "which statuses")]
    [InlineData("\"test\": [{\"path\": \"models\", \"works\": [99]}]", "from 100 to 599")]
    [InlineData("\"test\": [{\"path\": \"models\", \"works\": [200], \"refused\": [200]}]", "also stands")]
    [InlineData("\"test\": [{\"method\": \"POST\", \"path\": \"x\", \"works\": [200]}]", "belongs to POST")]
    [InlineData("\"test\": [{\"path\": \"x\", \"body\": \"{}\", \"works\": [200]}]", "belongs to POST")]
    [InlineData("\"limit_headers\": [{\"dimension\": \"requests\", \"interval_seconds\": 60}]", "at least one header")]
    [InlineData("\"limit_headers\": [{\"dimension\": \"cats\", \"interval_seconds\": 60, \"limit\": \"x\"}]", "requests, tokens")]
    [InlineData("\"limit_headers\": [{\"interval_seconds\": 60, \"limit\": \"X-Limit\"}]", "lower case")]
    [InlineData("\"limit_headers\": [{\"interval_seconds\": 0, \"limit\": \"x\"}]", "from 1 to 86400")]
    [InlineData("\"moved_from\": [\"https://old.example\"]", "only for hubs that come with Keypace")]
    public void A_member_that_cannot_be_right_is_refused(string member, string says) => AssertMistake(TestHubs.Small.Insert(1, member + ","), 1, says);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"name\":\"\\uD800\"}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void What_is_no_hub_file_is_refused_without_an_exception(string json)
    {
        Assert.False(TestHubs.Parse(json).TryGet(out _, out var refusal));
        Assert.StartsWith("small.json:", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_of_any_kind_never_throw()
    {
        var small = System.Text.Encoding.UTF8.GetBytes(TestHubs.Small);
        Gen.Select(Gen.Int[0, small.Length - 1], Gen.Byte, Gen.Int[0, small.Length]).Sample((at, value, length) =>
        {
            var bytes = small.ToArray();
            bytes[at] = value;
            HubProfile.Parse(bytes.AsMemory(0, length), "small.json");
            HubProfile.Parse(bytes, "small.json");
        }, iter: 20_000);
    }

    [Fact]
    public void Files_of_the_folder_add_hubs_and_take_the_place_of_others()
    {
        using var folder = new Folder();
        folder.Write("small.json", TestHubs.Small);
        folder.Write("openai.json", TestHubs.Small.Replace("\"small\"", "\"openai\"", StringComparison.Ordinal));
        folder.Write("notes.txt", "not a hub");
        Assert.True(HubFiles.Load(folder.Path).TryGet(out var hubs, out _));
        Assert.Equal(TestHubs.Catalogue.All.Count + 1, hubs.All.Count);
        Assert.True(hubs.TryGet("openai", out var openai));
        Assert.Equal("https://api.small.example/v1", openai.BaseUrl);
        Assert.True(hubs.TryGet("small", out _));
    }

    [Fact]
    public void A_bad_file_of_the_folder_is_named_with_its_line()
    {
        using var folder = new Folder();
        folder.Write("small.json", TestHubs.Small.Replace("60,", "0,", StringComparison.Ordinal));
        Assert.False(HubFiles.Load(folder.Path).TryGet(out _, out var refusal));
        Assert.Equal("bad_hub_file", refusal.Code);
        Assert.StartsWith(Path.Combine(folder.Path, "small.json") + ":6: ", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_folder_there_are_only_the_programs_own() =>
        Assert.True(HubFiles.Load("/nonexistent/hubs").TryGet(out var hubs, out _) && hubs.All.Count == TestHubs.Catalogue.All.Count);

    [Fact]
    public void The_file_in_the_documentation_is_a_hub()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Keypace.slnx")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("not inside the repository");
        var page = File.ReadAllText(Path.Combine(root, "docs", "use", "hubs.md"));
        var json = page.Split("```json")[1].Split("```")[0];
        Assert.True(TestHubs.Parse(json, "acme.json").TryGet(out var hub, out var refusal), refusal?.Detail);
        Assert.Equal("Acme Models", hub!.DisplayName);
    }

    private static void AssertMistake(string json, int line, string says)
    {
        Assert.False(TestHubs.Parse(json).TryGet(out _, out var refusal), "the file was taken");
        Assert.Equal("bad_hub_file", refusal.Code);
        Assert.StartsWith($"small.json:{line}: ", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains(says, refusal.Detail, StringComparison.Ordinal);
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("keypace-hubs-").FullName;

        public void Write(string name, string text) => File.WriteAllText(System.IO.Path.Combine(Path, name), text);

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
