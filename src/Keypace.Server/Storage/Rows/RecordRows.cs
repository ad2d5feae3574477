namespace Keypace.Server.Storage.Rows;

/// <summary>One query that went through or was refused. Written in batches, off the query's path.</summary>
internal sealed class UsageRow
{
    public long Id { get; set; }
    public Guid TeamId { get; set; }

    /// <summary>Unix milliseconds when the query came in.</summary>
    public long At { get; set; }
    public Guid? ApiKeyId { get; set; }
    public Guid? AgentId { get; set; }
    public string TokenId { get; set; } = "";

    /// <summary>The caller's own name for itself within its token; empty when it gave none.</summary>
    public string Caller { get; set; } = "";
    public string? Hub { get; set; }
    public string? Model { get; set; }
    public string Route { get; set; } = "";

    /// <summary>HTTP status that the caller got; 499 when the caller left.</summary>
    public int Status { get; set; }
    public string? ErrorCode { get; set; }
    public long? PromptTokens { get; set; }
    public long? CompletionTokens { get; set; }
    public long? TotalTokens { get; set; }
    public int WaitedMs { get; set; }

    /// <summary>From coming in to the last byte of the answer, in milliseconds.</summary>
    public int LatencyMs { get; set; }

    /// <summary>Unix milliseconds of the last send to the hub; null when nothing was sent.</summary>
    public long? SentAt { get; set; }

    /// <summary>Times it was sent to the hub.</summary>
    public int Attempts { get; set; }
}

/// <summary>One change of a key, agent, token or setting, written in the same transaction as the change.</summary>
internal sealed class AuditRow
{
    public long Id { get; set; }
    public Guid TeamId { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long At { get; set; }

    /// <summary><c>token:ID</c>, <c>member:ID</c> or <c>system</c>.</summary>
    public string Actor { get; set; } = "";
    public string ActorName { get; set; } = "";

    /// <summary><c>created</c>, <c>changed</c>, <c>renamed</c>, <c>deleted</c>, …</summary>
    public string Action { get; set; } = "";

    /// <summary><c>api_key</c>, <c>agent</c>, <c>access_token</c>, <c>team</c>, <c>member</c>, <c>setting</c>.</summary>
    public string Subject { get; set; } = "";
    public string? SubjectId { get; set; }
    public string? SubjectName { get; set; }

    /// <summary>JSON without secrets.</summary>
    public string? Before { get; set; }
    public string? After { get; set; }

    /// <summary>The address the request came from, or <c>command line</c>.</summary>
    public string? From { get; set; }
    public string? RequestId { get; set; }
}
