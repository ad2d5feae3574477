using Keypace.Domain;
using Keypace.Server;
using Keypace.Server.Platform.Settings;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Platform;

public sealed class SettingsTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _flags = [];
    private readonly Dictionary<string, string> _variables = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Urls", "SECRET")]
    [InlineData("Urls", "http://SECRET:1")]
    [InlineData("PublicUrl", "SECRET")]
    [InlineData("Egress:Allow", "127.0.0.1, SECRET")]
    [InlineData("Proxies", "SECRET")]
    [InlineData("Gateway:Connections", "SECRET")]
    [InlineData("Gateway:Connections", "SECRETSECRETSECRET")]
    [InlineData("Log:Level", "SECRET")]
    [InlineData("SECRET", "1")]
    public void A_secret_in_the_place_of_a_setting_is_not_said_back(string name, string value)
    {
        const string secret = "NotARealKey7For3Tests8Only2Ab9cd";
        _flags[name.Replace("SECRET", secret, StringComparison.Ordinal)] = value.Replace("SECRET", secret, StringComparison.Ordinal);
        var refusal = Refused();
        Assert.DoesNotContain(secret[..20], refusal.Detail, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("bad_setting", refusal.Code);
    }

    [Fact]
    public void Flags_win_over_variables_over_the_file_over_defaults()
    {
        Write("""{ "Pacing": { "GuardMs": 10, "QueueLimit": 11 /* few */ }, "Gateway:IdleSeconds": 12.5, "Egress": { "Allow": ["127.0.0.1:1", "10.0.0.0/8"] } }""");
        _variables["KEYPACE_PACING__QUEUE_LIMIT"] = "21";
        _variables["KEYPACE_GATEWAY__IDLESECONDS"] = "22";
        _variables["KEYPACE_PUBLIC_URL"] = "";
        _variables["ASPNETCORE_URLS"] = "http://0.0.0.0:1";
        _flags["gateway:idleSeconds"] = "33";
        var settings = Read();
        Assert.Equal((10, "file"), (settings.Whole("Pacing:GuardMs"), SourceOf(settings, "Pacing:GuardMs")));
        Assert.Equal((21, "environment"), (settings.Whole("Pacing:QueueLimit"), SourceOf(settings, "Pacing:QueueLimit")));
        Assert.Equal((33, "flag"), (settings.Number("Gateway:IdleSeconds"), SourceOf(settings, "Gateway:IdleSeconds")));
        Assert.Equal((240, "default"), (settings.Number("Pacing:MaxWaitSeconds"), SourceOf(settings, "Pacing:MaxWaitSeconds")));
        Assert.Equal("127.0.0.1:1, 10.0.0.0/8", settings.Text("Egress:Allow"));
        Assert.Equal("default", SourceOf(settings, "Urls"));
        Assert.Null(settings.Text("PublicUrl"));
    }

    [Fact]
    public void A_file_with_a_byte_order_mark_is_read_and_a_folder_or_UTF_16_is_refused_in_words()
    {
        Directory.CreateDirectory(_folder.Data.Path);
        File.WriteAllBytes(_folder.Data.Settings, [0xEF, 0xBB, 0xBF, .. "{ \"Pacing\": { \"GuardMs\": 10 } }"u8]);
        Assert.Equal(10, Read().Whole("Pacing:GuardMs"));
        File.WriteAllBytes(_folder.Data.Settings, [0xFF, 0xFE, (byte)'{', 0, (byte)'}', 0]);
        Assert.Contains("Save it as UTF-8", Refused().Detail, StringComparison.Ordinal);
        File.Delete(_folder.Data.Settings);
        Directory.CreateDirectory(_folder.Data.Settings);
        Assert.Contains("is a folder", Refused().Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Egress:Allow", "256.1.1.1")]
    [InlineData("Proxies", "256.1.1.1")]
    [InlineData("Cors:Origins", "example")]
    [InlineData("Log:Level", "loud")]
    [InlineData("Pacing:GuardMs", "x")]
    public void A_refusal_ends_in_one_dot(string name, string value)
    {
        _flags[name] = value;
        Assert.EndsWith(".", Refused().Detail, StringComparison.Ordinal);
        Assert.False(Refused().Detail.EndsWith("..", StringComparison.Ordinal), Refused().Detail);
    }

    [Theory]
    [InlineData("KEYPACE_PACING__GARD_MS", "KEYPACE_PACING__GUARD_MS")]
    [InlineData("KEYPACE_EGRESS_ALLOWED", "KEYPACE_EGRESS__ALLOW")]
    [InlineData("KEYPACE_MAX_BODY_BYTES", "KEYPACE_GATEWAY__MAX_BODY_BYTES")]
    public void An_unknown_variable_is_refused_with_the_nearest_name(string variable, string nearest)
    {
        _variables[variable] = "1";
        var refusal = Refused();
        Assert.Contains(variable, refusal.Detail, StringComparison.Ordinal);
        Assert.Contains($"Is {nearest} meant?", refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Pacing": { "Guard": 1 } }""", "Pacing:GuardMs")]
    [InlineData("""{ "Pacing": { "GuardMs": 1 }, "pacing:guardms": 2 }""", "twice")]
    [InlineData("{\n\"Pacing\": {,}\n}", "line 2")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{ "Kek": "keypace-kek-1:x" }""", "KEYPACE_KEK only")]
    [InlineData("""{ "Pacing": { "GuardMs": [1] } }x""", "valid JSON")]
    public void A_file_that_says_what_nobody_understands_is_refused(string json, string says)
    {
        Write(json);
        Assert.Contains(says, Refused().Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Gateway:MaxBodyBytes", "1023")]
    [InlineData("Gateway:MaxBodyBytes", "1e6")]
    [InlineData("Pacing:MaxWaitSeconds", "NaN")]
    [InlineData("Pacing:MaxWaitSeconds", "-1")]
    [InlineData("Egress:Allow", "localhost")]
    [InlineData("PublicUrl", "keypace.example.org")]
    [InlineData("PublicUrl", "https://user:x@keypace.example.org")]
    [InlineData("Urls", "https://127.0.0.1:5397")]
    [InlineData("Urls", "http://example.org:5397")]
    [InlineData("Urls", "http://127.0.0.1:99999")]
    [InlineData("Log:Level", "Loud")]
    [InlineData("Web:Enabled", "yes")]
    public void A_value_out_of_bounds_is_refused_by_name(string name, string value)
    {
        _flags[name] = value;
        var refusal = Refused();
        Assert.Equal("bad_setting", refusal.Code);
        Assert.Contains(name, refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_hides_what_is_secret_and_every_default_is_in_bounds()
    {
        _variables["KEYPACE_KEK"] = "keypace-kek-1:not-a-real-key";
        _variables["KEYPACE_TOKEN"] = "kpa_not_a_real_token";
        var report = ShownSettings.Of(Read());
        Assert.Equal(SettingsTable.All.Count, report.Length);
        var kek = report.Single(setting => setting.Name == "Kek");
        Assert.Equal(("(hidden)", "environment"), (kek.Value, kek.Source));
        Assert.DoesNotContain(report, setting => setting.Value?.Contains("not", StringComparison.Ordinal) == true);
        Assert.All(SettingsTable.All.Where(setting => setting.Default is not null), setting => Assert.Null(setting.Check(setting.Default!)));
        Assert.All(SettingsTable.All, setting => Assert.Same(setting, SettingsTable.Find(setting.Variable["KEYPACE_".Length..])));
    }

    [Fact]
    public void The_manual_lists_every_setting()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Keypace.slnx")))
            root = Path.GetDirectoryName(root)!;
        var manual = File.ReadAllText(Path.Combine(root, "docs/operate/settings.md"));
        var missing = SettingsTable.All
            .Select(setting => $"| `{setting.Name}` | `{setting.Variable}` | {setting.Default ?? "—"} | {setting.Description} |")
            .Where(row => !manual.Contains(row, StringComparison.Ordinal));
        Assert.Equal("", string.Join('\n', missing));
    }

    private static string SourceOf(Settings settings, string name) => settings.All.Single(one => one.Declaration.Name == name).Source;

    private void Write(string json)
    {
        _folder.Data.Create();
        File.WriteAllText(_folder.Data.Settings, json);
    }

    private Settings Read() =>
        Settings.Read(_flags, _variables, _folder.Data.Settings).TryGet(out var settings, out var refusal) ? settings : throw new InvalidOperationException(refusal.Detail);

    private Refusal Refused() =>
        Settings.Read(_flags, _variables, _folder.Data.Settings).TryGet(out _, out var refusal) ? throw new InvalidOperationException("They were taken.") : refusal;
}
