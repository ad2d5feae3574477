using System.Text;
using Keypace.Domain.Hubs;
using Keypace.Server.Platform;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>The program's own hubs, and small hub files to make mistakes in.</summary>
internal static class TestHubs
{
    public const string Small = """
        {
          "name": "small",
          "display_name": "Small",
          "base_url": "https://api.small.example/v1",
          "rate_limit": {
            "count": 60,
            "interval_seconds": 60,
            "tier": "Free",
            "source": "https://small.example/limits",
            "as_of": "2026-10-08",
            "confidence": "high"
          }
        }
        """;

    public static HubCatalogue Catalogue { get; } =
        HubFiles.Load(null).TryGet(out var catalogue, out var refusal) ? catalogue : throw new InvalidOperationException(refusal.Detail);

    public static HubProfile Named(string name) =>
        Catalogue.TryGet(name, out var hub) ? hub : throw new InvalidOperationException($"no hub {name}");

    /// <summary>The small file with more members behind the first brace.</summary>
    public static HubProfile With(string members) =>
        Parse(Small.Insert(1, members + ",")).TryGet(out var hub, out var refusal) ? hub : throw new InvalidOperationException(refusal.Detail);

    public static Keypace.Domain.Outcome<HubProfile> Parse(string json, string fileName = "small.json", HubFileSource source = HubFileSource.Folder) =>
        HubProfile.Parse(Encoding.UTF8.GetBytes(json), fileName, source);
}
