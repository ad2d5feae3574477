using Keypace.Domain.Keys;

namespace Keypace.Server.Storage.Rows;

internal sealed class AgentRow
{
    public Guid Id { get; set; }
    public Guid TeamId { get; set; }
    public string Name { get; set; } = "";
    public string NameKey { get; set; } = "";

    /// <summary>The hub's own name of the model; empty sends none.</summary>
    public string ModelName { get; set; } = "";
    public string? AgentUrl { get; set; }
    public string Hub { get; set; } = "custom";

    /// <summary>Null when the key was deleted or never chosen.</summary>
    public Guid? ApiKeyId { get; set; }
    public string? SystemPrompt { get; set; }

    /// <summary>JSON object of public fields; secrets never land here.</summary>
    public string? HubConfig { get; set; }

    /// <summary>Members of queries that may be left out: names with a space between, a star for all; null for none.</summary>
    public string? DropParams { get; set; }

    public AgentStatus Status { get; set; } = AgentStatus.Active;
    public int Version { get; set; } = 1;
    public Guid CreatedBy { get; set; }
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
}
