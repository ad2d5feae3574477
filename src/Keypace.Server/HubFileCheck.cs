using Keypace.Domain.Hubs;
using Keypace.Server.Platform;

namespace Keypace.Server;

/// <summary>What <c>keypace hubs check</c> and <c>keypace hubs schema</c> need: a hub file is judged exactly as the server judges it at its start.</summary>
public static class HubFileCheck
{
    /// <summary>The hub that the file describes, or a refusal that names file, line and what to write instead.</summary>
    public static Domain.Outcome<HubProfile> Read(string path) => HubFiles.ReadFile(path);

    /// <summary>True when the name is one of Keypace's own: the file then takes that hub's place.</summary>
    public static bool TakesThePlaceOfAnother(HubProfile hub) => HubFiles.Load(null).TryGet(out var own, out _) && own.TryGet(hub.Name, out _);

    /// <summary>The JSON schema of hub files, for editors.</summary>
    public static string Schema()
    {
        using var stream = typeof(HubFileCheck).Assembly.GetManifestResourceStream("hub.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
