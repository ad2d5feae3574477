using System.Text.Json;

namespace Keypace.Cli;

/// <summary>The server and token that a person uses without naming them: <c>~/.config/keypace/profile.json</c>, 0600.</summary>
/// <param name="BaseUrl">The only address that the token is sent to.</param>
internal sealed record Profile(string? BaseUrl, string? Token)
{
    private static readonly Profile s_none = new(null, null);

    public static string PathOf(Func<string, string?> environment) =>
        Path.Combine(DataFolder.Xdg(environment, "XDG_CONFIG_HOME", ".config"), "keypace", "profile.json");

    public static Profile Read(Func<string, string?> environment)
    {
        var path = PathOf(environment);
        if (!File.Exists(path))
            return s_none;

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
            throw CommandFailure.Usage($"'{path}' holds a token but others may read it. Run: chmod 600 '{path}'");

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return new Profile(Text(document.RootElement, "base_url"), Text(document.RootElement, "token"));
        }
        catch (Exception broken) when (broken is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw CommandFailure.Usage($"Cannot read the profile '{path}'. Mend or remove it.");
        }
    }

    /// <summary>Writes the profile whole or not at all, readable by its owner alone from its first moment.</summary>
    public void Write(Func<string, string?> environment)
    {
        var path = PathOf(environment);
        var folder = System.IO.Path.GetDirectoryName(path)!;
        var draft = $"{path}.{Environment.ProcessId}.new";
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            File.Delete(draft);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

            using (var file = new FileStream(draft, options))
            using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true }))
            {
                writer.WriteStartObject();
                writer.WriteString("base_url", BaseUrl);
                writer.WriteString("token", Token);
                writer.WriteEndObject();
                writer.Flush();
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"Cannot write the profile '{path}': {broken.Message}");
        }
    }

    /// <summary>Forgets it; false when there was none.</summary>
    public static bool Delete(Func<string, string?> environment)
    {
        var path = PathOf(environment);
        try
        {
            if (!File.Exists(path))
                return false;

            File.Delete(path);
            return true;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"Cannot remove the profile '{path}': {broken.Message}");
        }
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
