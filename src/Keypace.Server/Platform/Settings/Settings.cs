using System.Globalization;
using System.Text;
using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Keys;

namespace Keypace.Server.Platform.Settings;

/// <param name="Source"><c>default</c>, <c>file</c>, <c>environment</c> or <c>flag</c>.</param>
internal sealed record SettingValue(SettingDeclaration Declaration, string? Value, string Source);

/// <summary>
/// The settings in force. Flags win over <c>KEYPACE_…</c> variables, those over <c>keypace.json</c>, that over the defaults; nothing else is
/// read. A name that nobody knows is refused, because a limit that was misspelled is a limit that is not there.
/// </summary>
internal sealed class Settings
{
    private readonly Dictionary<string, SettingValue> _values;

    private Settings(Dictionary<string, SettingValue> values) => _values = values;

    /// <summary>In the order of <see cref="SettingsTable"/>.</summary>
    public IEnumerable<SettingValue> All => SettingsTable.All.Select(setting => _values[setting.Name]);

    /// <summary>Refuses with <c>bad_setting</c>.</summary>
    /// <param name="variables">The whole environment; other names than <c>KEYPACE_…</c> are passed over.</param>
    /// <param name="file">Path of <c>keypace.json</c>, which need not exist.</param>
    public static Outcome<Settings> Read(
        IReadOnlyDictionary<string, string> flags, IReadOnlyDictionary<string, string> variables, string file)
    {
        var values = SettingsTable.All.ToDictionary(setting => setting.Name, setting => new SettingValue(setting, setting.Default, "default"));
        if (!SettingsFile.Read(file).TryGet(out var fromFile, out var refusal))
            return refusal;

        refusal = Apply(values, fromFile, "file", name => $"{file} sets '{name}'")
            ?? Apply(values, FromEnvironment(variables), "environment", name => $"The variable {name} is set")
            ?? Apply(values, flags, "flag", name => $"The command line sets '{name}'");
        if (refusal is null)
            return new Settings(values);
        // Somebody may have put a secret where a setting belongs, and this goes to a log.
        var given = fromFile.Concat(FromEnvironment(variables)).Concat(flags).SelectMany(one => (string[])[one.Key, one.Value, Shortened(one.Value), .. one.Value.Split(',', StringSplitOptions.TrimEntries)]);
        return refusal with { Detail = new TypedWords(given).Without(refusal.Detail) };
    }

    public string? Text(string name) => _values[name].Value;

    public long Whole(string name) => long.Parse(_values[name].Value!, CultureInfo.InvariantCulture);

    public double Number(string name) => double.Parse(_values[name].Value!, CultureInfo.InvariantCulture);

    public bool IsOn(string name) => bool.Parse(_values[name].Value!);

    private static Dictionary<string, string> FromEnvironment(IReadOnlyDictionary<string, string> variables) => variables
        .Where(variable => variable.Key.StartsWith("KEYPACE_", StringComparison.OrdinalIgnoreCase))
        .Where(variable => !SettingsTable.ClientVariables.Contains(variable.Key, StringComparer.OrdinalIgnoreCase))
        // An empty variable is how shells and compose files say "not set".
        .Where(variable => variable.Value.Length > 0)
        .ToDictionary(variable => variable.Key, variable => variable.Value, StringComparer.OrdinalIgnoreCase);

    private static Refusal? Apply(
        Dictionary<string, SettingValue> values, IReadOnlyDictionary<string, string> given, string source, Func<string, string> spoken)
    {
        var isEnvironment = source == "environment";
        foreach (var (name, value) in given)
        {
            if (SettingsTable.Find(isEnvironment ? name["KEYPACE_".Length..] : name) is not { } setting)
            {
                var nearest = NearestSetting.To(isEnvironment ? name["KEYPACE_".Length..] : name);
                return Bad($"{spoken(name)}, which is no setting. Is {(isEnvironment ? nearest.Variable : nearest.Name)} meant? 'keypace settings' lists them all.");
            }

            if (setting.Name == "Kek" && !isEnvironment)
                return Bad($"{spoken(name)}, which is read from the variable KEYPACE_KEK only. Name a file with --kek-file instead.");
            if (setting.Check(value) is { } wrong)
                return Bad($"{spoken(name)}{(setting.IsHidden ? "" : $" to '{Shortened(value)}'")}, but {setting.Name} {wrong.TrimEnd('.')}.");
            values[setting.Name] = new SettingValue(setting, value, source);
        }

        return null;
    }

    private static string Shortened(string value) => value.Length <= 80 ? value : value[..80] + "…";

    private static Refusal Bad(string detail) => new(RefusalReason.Invalid, "bad_setting", detail);
}

/// <summary>Reads <c>keypace.json</c>: objects for levels, lists joined by commas.</summary>
internal static class SettingsFile
{
    private const long MostBytes = 1 << 20;

    private static readonly JsonDocumentOptions _options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 };

    public static Outcome<Dictionary<string, string>> Read(string path)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Directory.Exists(path))
            return Bad($"{path} is a folder; settings are a file of that name. Move it away.");
        if (!File.Exists(path))
            return values;
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                return Bad($"{path} is larger than a megabyte, which no settings are.");
            ReadOnlyMemory<byte> bytes = File.ReadAllBytes(path);
            if (bytes.Span is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                return Bad($"{path} is written in UTF-16. Save it as UTF-8.");
            using var document = JsonDocument.Parse(bytes.Span.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes, _options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return Bad($"{path} holds no JSON object, such as {{\"PublicUrl\": \"https://keypace.example.org\"}}.");
            return Add(values, document.RootElement, "", path) is { } refusal ? refusal : values;
        }
        catch (JsonException failure)
        {
            return Bad($"{path} is no valid JSON at line {failure.LineNumber + 1}, column {failure.BytePositionInLine + 1}.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Bad($"{path} cannot be read: {failure.Message}");
        }
    }

    private static Refusal? Add(Dictionary<string, string> values, JsonElement level, string prefix, string path)
    {
        foreach (var member in level.EnumerateObject())
        {
            var name = prefix + member.Name;
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                if (Add(values, member.Value, name + ":", path) is { } refusal)
                    return refusal;
                continue;
            }

            if (Text(member.Value) is not { } text)
                continue;
            if (!values.TryAdd(name, text))
                return Bad($"{path} sets '{name}' twice.");
        }

        return null;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(item => Text(item))),
        _ => value.GetRawText(),
    };

    private static Refusal Bad(string detail) => new(RefusalReason.Invalid, "bad_setting", detail);
}
