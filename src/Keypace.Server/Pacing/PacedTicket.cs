using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>A query as one rate group counts it.</summary>
internal abstract class PacedTicket(PacedGroup group) : Ticket
{
    private Guest[]? _guests;   // set under the group's lock

    /// <summary>Where it counts.</summary>
    public PacedGroup Group => group;

    internal Guid ApiKeyId { get; init; }

    /// <summary>The same query in the groups that its key has come into since: each is told what becomes of it. Read under the group's lock.</summary>
    internal ReadOnlySpan<Guest> Guests => _guests;

    internal bool HasGuests => _guests is not null;

    /// <summary>Under the group's lock.</summary>
    internal void Follow(Guest guest) => _guests = [.. _guests ?? [], guest];
}

/// <summary>
/// A query that runs in the rate group which its key was in when it came, counted in the one that the key has come into. It holds what it holds
/// there until that group reports: a report that comes late costs rate, never exactness.
/// </summary>
internal sealed class Guest(PacedGroup group) : PacedTicket(group);
