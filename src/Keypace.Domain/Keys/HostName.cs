using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Keypace.Domain.Keys;

/// <summary>Reads <c>host[:port]</c> into the one spelling that is compared.</summary>
internal static class HostName
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    /// <summary>Null when it is no host and port.</summary>
    public static (string Host, int Port)? Read(ReadOnlySpan<char> authority, int defaultPort)
    {
        ReadOnlySpan<char> host, portText;
        if (authority is ['[', ..])
        {
            var close = authority.IndexOf(']');
            if (close < 0)
                return null;
            host = authority[..(close + 1)];
            portText = authority[(close + 1)..];
        }
        else
        {
            var colon = authority.IndexOf(':');
            host = colon < 0 ? authority : authority[..colon];
            portText = colon < 0 ? [] : authority[colon..];
        }

        var port = defaultPort;
        if (!portText.IsEmpty && !TryReadPort(portText, out port))
            return null;
        return (host is ['[', ..] ? ReadIPv6(host[1..^1]) : ReadName(host)) is { } canonical ? (canonical, port) : null;
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out int port)
    {
        port = 0;
        return text is [':', _, ..] and { Length: <= 6 }
            && int.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is >= 1 and <= 65_535;
    }

    private static string? ReadIPv6(ReadOnlySpan<char> text) =>
        // A zone (%eth0) names an interface of this machine, never a hub.
        !text.Contains('%') && IPAddress.TryParse(text, out var address) && address.AddressFamily is AddressFamily.InterNetworkV6
            ? $"[{address.ToString().ToLowerInvariant()}]"
            : null;

    private static string? ReadName(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > 253)
            return null;

        var name = text.ToString();
        if (!Ascii.IsValid(text))
        {
            try
            {
                name = Idn.GetAscii(name);
            }
            catch (ArgumentException)
            {
                return null;   // the only way IdnMapping says that a name has no A-label form
            }
        }

        name = name.ToLowerInvariant();
        if (name.Length > 253)
            return null;

        var lastLabel = name;
        foreach (var range in name.AsSpan().Split('.'))
        {
            lastLabel = name[range];
            if (!IsLabel(lastLabel))
                return null;
        }

        // What ends in a number is an IPv4 address to a resolver: only its one plain spelling may pass, never 127.1, 0x7f.1 or 2130706433.
        if (!EndsInNumber(lastLabel))
            return name;
        return IPAddress.TryParse(name, out var address) && address.AddressFamily is AddressFamily.InterNetwork && address.ToString() == name ? name : null;
    }

    private static bool IsLabel(ReadOnlySpan<char> label)
    {
        if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-')
            return false;
        foreach (var character in label)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_'))   // names inside container networks hold underscores
                return false;
        }

        return true;
    }

    private static bool EndsInNumber(ReadOnlySpan<char> label) =>
        label.IndexOfAnyExceptInRange('0', '9') < 0
        || (label is ['0', 'x', ..] && !label[2..].ContainsAnyExcept(HexDigits));
}
