using Keypace.Domain;
using Keypace.Domain.Hubs;

namespace Keypace.Server.Platform;

/// <summary>Reads the hub files: those in the program, then those in the data folder, which add to them or take their place.</summary>
internal static class HubFiles
{
    /// <summary>The folder's name in the data folder.</summary>
    public const string FolderName = "hubs";

    private const string ResourcePrefix = "hubs/";
    private const int MostBytes = 256 * 1024;

    /// <param name="folder"><c>DIR/hubs</c>; null or absent means: only the program's own.</param>
    /// <returns>The catalogue, or a refusal <c>bad_hub_file</c> that names the first bad file and its line.</returns>
    public static Outcome<HubCatalogue> Load(string? folder)
    {
        var embedded = new List<HubProfile>();
        var assembly = typeof(HubFiles).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            if (!HubProfile.Parse(bytes.ToArray(), resource[ResourcePrefix.Length..]).TryGet(out var hub, out var refusal))
                return refusal;
            embedded.Add(hub);
        }

        if (folder is null || !Directory.Exists(folder))
            return HubCatalogue.Of(embedded);

        var added = new List<HubProfile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            if (!ReadFile(path).TryGet(out var hub, out var refusal))
                return refusal;
            added.Add(hub);
        }

        return HubCatalogue.Of(embedded, added);
    }

    /// <summary>One file of the data folder.</summary>
    public static Outcome<HubProfile> ReadFile(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MostBytes)
                return new Refusal(RefusalReason.Invalid, "bad_hub_file", $"{path}:1: the file is longer than {MostBytes / 1024} KiB, which no hub needs.");
            return HubProfile.Parse(File.ReadAllBytes(path), path, HubFileSource.Folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Refusal(RefusalReason.Invalid, "bad_hub_file", $"{path}:1: the file cannot be read ({failure.Message}).");
        }
    }
}
