using Keypace.Server.Features.Audit;
using Keypace.Server.Management.Access;

namespace Keypace.Server.Web.Forms;

/// <summary>Whose change came between, for somebody whose own was refused because of it.</summary>
internal sealed record OthersChange(string Who, DateTimeOffset At)
{
    /// <summary>The newest change of one key or agent; null for somebody who may not read the audit.</summary>
    public static async Task<OthersChange?> OfAsync(Me me, AuditOperations audit, string subjectId) =>
        (await me.AskAsync(caller => audit.ListAsync(1, null, null, caller, CancellationToken.None, subjectId: subjectId))).TryGet(out var found, out _)
        && found.Results is [var newest, ..] ? new OthersChange(newest.ActorName, DateTimeOffset.FromUnixTimeMilliseconds((long)(newest.At * 1000))) : null;
}
