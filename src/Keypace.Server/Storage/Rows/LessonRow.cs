namespace Keypace.Server.Storage.Rows;

/// <summary>What the hub behind one secret taught, so that it outlives the process.</summary>
internal sealed class LessonRow
{
    /// <summary>Names the secret and its destination; says nothing of it.</summary>
    public Guid Source { get; set; }

    /// <summary>JSON.</summary>
    public string Lessons { get; set; } = "";

    public long UpdatedAt { get; set; }
}
