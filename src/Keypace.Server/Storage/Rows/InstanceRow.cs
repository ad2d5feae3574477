namespace Keypace.Server.Storage.Rows;

/// <summary>The one row that says which installation this store belongs to. Its id is in every envelope's binding.</summary>
internal sealed class InstanceRow
{
    public Guid Id { get; set; }

    /// <summary>Unix milliseconds, as every time in the store.</summary>
    public long CreatedAt { get; set; }

    /// <summary>When somebody became the owner; null until then.</summary>
    public long? ClaimedAt { get; set; }
}

/// <summary>A data key or the instance key, wrapped by the key-encryption key.</summary>
internal sealed class WrappedKeyRow
{
    public uint KeyId { get; set; }
    public string Purpose { get; set; } = "";
    public Guid? TeamId { get; set; }
    public string KekId { get; set; } = "";
    public byte[] Bytes { get; set; } = [];
    public long CreatedAt { get; set; }
}
