namespace Keypace.Domain.Keys;

/// <summary>
/// Where a secret may travel: an origin and a path prefix in one canonical spelling, so that two spellings of the same place are equal
/// and a place that only looks the same is not. <c>HTTPS://Api.Example.com/v1</c> becomes <c>https://api.example.com:443/v1/</c>.
/// </summary>
public sealed class Destination : IEquatable<Destination>
{
    /// <summary>Longest address that is read, in characters.</summary>
    public const int MostCharacters = 2048;

    private Destination(string scheme, string host, int port, string prefix)
    {
        Scheme = scheme;
        Host = host;
        Port = port;
        Prefix = prefix;
        Origin = $"{scheme}://{host}:{port}";
        Address = Origin + prefix;
    }

    /// <summary>The whole canonical form, which is what an envelope is bound to: <c>https://host:443/v1/</c>.</summary>
    public string Address { get; }

    /// <summary>Scheme, host and port, without a slash at the end.</summary>
    public string Origin { get; }

    /// <summary><c>https</c> or <c>http</c>.</summary>
    public string Scheme { get; }

    /// <summary>Lower-case A-labels, a dotted IPv4 address, or an IPv6 address in brackets.</summary>
    public string Host { get; }

    /// <summary>1 to 65,535, also where it is the scheme's own.</summary>
    public int Port { get; }

    /// <summary>Begins and ends with a slash.</summary>
    public string Prefix { get; }

    /// <summary>True when the secret would travel in the clear. Whether that is allowed is for the egress list to say.</summary>
    public bool IsPlainHttp => Scheme == "http";

    /// <summary>
    /// Reads an address that a person or a hub file gave. Refused: anything but http and https, credentials, a query, a fragment, dot
    /// segments (encoded ones too), empty segments, control characters, spaces, backslashes, and number spellings of IPv4 such as <c>127.1</c>.
    /// </summary>
    /// <param name="field">The request's field that a refusal names.</param>
    public static Outcome<Destination> Parse(string? address, string field = "url")
    {
        if (string.IsNullOrEmpty(address))
            return Refuse(field, "The address is empty. Write the hub's base address, such as https://api.example.com/v1.");
        if (address.Length > MostCharacters)
            return Refuse(field, $"The address is longer than {MostCharacters} characters. Write the hub's base address only.");

        int schemeLength;
        if (address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            schemeLength = 5;
        else if (address.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            schemeLength = 4;
        else
            return Refuse(field, "The address must begin with https:// (or http:// where the operator allows it).");

        var rest = address.AsSpan(schemeLength + 3);
        if (rest.ContainsAny('?', '#'))
            return Refuse(field, "The address must not hold a query or fragment. Leave out everything from the ? or # on.");
        foreach (var character in rest)
        {
            if (char.IsControl(character) || char.IsWhiteSpace(character) || character == '\\')
                return Refuse(field, "The address holds a control character, a space or a backslash. Take it out.");
        }

        var slash = rest.IndexOf('/');
        var authority = slash < 0 ? rest : rest[..slash];
        if (authority.Contains('@'))
            return Refuse(field, "The address must not carry a user name or password. The secret goes into its own field.");
        if (HostName.Read(authority, schemeLength == 5 ? 443 : 80) is not var (host, port))
            return Refuse(field, "The host or port of the address cannot be read. Write a DNS name, a dotted IPv4 address or an IPv6 address in brackets, and a port from 1 to 65535.");

        if (!PathRules.TryCanonicalPrefix(slash < 0 ? "/" : rest[slash..], out var prefix))
            return Refuse(field, "The path of the address holds dot segments, empty segments or characters that must be percent-encoded. Write it plainly, such as /v1.");

        var destination = new Destination(schemeLength == 5 ? "https" : "http", host, port, prefix);
        return destination.IsReadAlike()
            ? destination
            : Refuse(field, "The address can be read in two ways. Write it plainly, such as https://api.example.com/v1.");
    }

    /// <summary>True when everything under <paramref name="other"/> is also under this one.</summary>
    public bool Covers(Destination other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Origin == Origin && other.Prefix.StartsWith(Prefix, StringComparison.Ordinal);
    }

    /// <summary>
    /// Puts a caller's path (with its query, if any) under this destination: <c>chat/completions</c> and <c>v1/chat/completions</c> both
    /// become <c>/v1/chat/completions</c>. The path is taken as it was on the wire, still percent-encoded, and stays so.
    /// </summary>
    /// <returns>False for dot segments in any encoding, and for characters that a request target cannot hold.</returns>
    public bool TryExtend(ReadOnlySpan<char> path, out string pathAndQuery)
    {
        pathAndQuery = "";
        if (!PathRules.IsSafeTarget(path))
            return false;

        var trimmed = path is ['/', ..] ? path[1..] : path;
        var inner = Prefix.AsSpan(1);   // "v1/", or empty at the root
        if (trimmed.StartsWith(inner, StringComparison.Ordinal))
        {
            pathAndQuery = string.Concat("/", trimmed);
            return true;
        }

        // "v1" and "v1?x" name the prefix itself.
        var bare = inner.TrimEnd('/');
        if (bare.Length > 0 && trimmed.StartsWith(bare, StringComparison.Ordinal) && (trimmed.Length == bare.Length || trimmed[bare.Length] == '?'))
        {
            pathAndQuery = string.Concat(Prefix, trimmed[bare.Length..]);
            return true;
        }

        pathAndQuery = string.Concat(Prefix, trimmed);
        return true;
    }

    /// <summary>The same origin with a longer prefix; for hubs whose bare address gets a fixed path.</summary>
    internal Destination WithPrefix(string prefix) => new(Scheme, Host, Port, prefix);

    public bool Equals(Destination? other) => other is not null && other.Address == Address;

    public static bool operator ==(Destination? left, Destination? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Destination? left, Destination? right) => !(left == right);

    public override bool Equals(object? obj) => Equals(obj as Destination);

    public override int GetHashCode() => Address.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Address;

    /// <summary>What connects later reads the address with <see cref="Uri"/>: it must see the very same place.</summary>
    private bool IsReadAlike() =>
        Uri.TryCreate(Address, UriKind.Absolute, out var uri)
        && uri.Port == Port
        && uri.AbsolutePath == Prefix
        && (uri.HostNameType is UriHostNameType.IPv6 ? uri.Host : uri.IdnHost) == Host;

    private static Refusal Refuse(string field, string message) => Refusal.Field(field, message, "url", "bad_url");
}
