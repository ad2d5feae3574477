namespace Keypace.Server.Storage.Rows;

/// <summary>What is wrong with one key, so that it outlives the process.</summary>
internal sealed class TroubleRow
{
    public Guid ApiKeyId { get; set; }

    /// <summary>Of the refusal; empty where there was none.</summary>
    public string Code { get; set; } = "";

    public string Sentence { get; set; } = "";

    public long At { get; set; }
}
