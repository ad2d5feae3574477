using Microsoft.Extensions.Primitives;

namespace Keypace.Server.Gateway.Requests;

/// <summary>The headers that a <c>Connection</c> header names: they are meant for the next machine only (RFC 9110, 7.6.1).</summary>
internal readonly struct ConnectionMembers
{
    private readonly string? _members;

    /// <param name="connection">The header's values; null or empty when there is none.</param>
    public ConnectionMembers(in StringValues connection)
    {
        if (connection.Count == 1 ? connection[0]?.Contains(',', StringComparison.Ordinal) == true || !IsOfItself(connection[0]) : connection.Count > 1)
            _members = connection.ToString();
    }

    public bool Names(string header)
    {
        if (_members is null)
            return false;
        foreach (var range in _members.AsSpan().Split(','))
        {
            if (_members.AsSpan()[range].Trim().Equals(header, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>About the connection, and no header's name.</summary>
    private static bool IsOfItself(string? member) =>
        string.IsNullOrEmpty(member) || member.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || member.Equals("close", StringComparison.OrdinalIgnoreCase);
}
