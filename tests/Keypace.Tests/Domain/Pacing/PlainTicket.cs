using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>A ticket that nobody waits on.</summary>
internal sealed class PlainTicket : Ticket
{
    /// <summary>Place in the order of grants, from 0.</summary>
    public int GrantIndex { get; set; } = -1;

    public long GrantedAt { get; set; }

    public int Name { get; init; }

    public override string ToString() => $"#{Name}";
}
