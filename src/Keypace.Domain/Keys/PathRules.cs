using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Keypace.Domain.Keys;

/// <summary>What a path may hold, so that no hub, proxy or library between can read it as leading out of its prefix.</summary>
internal static class PathRules
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    // Nobody encodes a path more often; without a bound, a long path of %252525… would cost time by its square.
    private const int MostDecodings = 4;

    // RFC 3986: pchar and "/", with "%" judged apart.
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(Unreserved + "!$&'()*+,;=:@/%");

    // A query may also hold "/" and "?"; the rest is what SDKs send bare although they should not ("[", "]", "|" and so on).
    private static readonly SearchValues<char> TargetCharacters = SearchValues.Create(Unreserved + "!$&'()*+,;=:@/%?[]|{}\"<>^`");

    /// <summary>Checks a prefix and gives its one spelling: slashes at both ends, unreserved characters bare, hex digits in upper case.</summary>
    public static bool TryCanonicalPrefix(ReadOnlySpan<char> path, [NotNullWhen(true)] out string? prefix)
    {
        prefix = null;
        if (path.ContainsAnyExcept(PathCharacters))
            return false;

        var text = new StringBuilder(path.Length + 1);
        for (var index = 0; index < path.Length; index++)
        {
            if (path[index] != '%')
            {
                text.Append(path[index]);
                continue;
            }

            if (!TryDecode(path, index, out var decoded) || decoded < ' ' || decoded is '/' or '\\' or (char)0x7F)
                return false;
            if (Unreserved.Contains(decoded, StringComparison.Ordinal))
                text.Append(decoded);
            else
                text.Append('%').Append(char.ToUpperInvariant(path[index + 1])).Append(char.ToUpperInvariant(path[index + 2]));
            index += 2;
        }

        if (text.Length == 0 || text[^1] != '/')
            text.Append('/');
        var canonical = text.ToString();
        if (canonical.Contains("//", StringComparison.Ordinal) || HasDotSegment(canonical))
            return false;
        prefix = canonical;
        return true;
    }

    /// <summary>True for a path with an optional query that may be put behind a prefix.</summary>
    public static bool IsSafeTarget(ReadOnlySpan<char> target)
    {
        if (target.ContainsAnyExcept(TargetCharacters))
            return false;
        var question = target.IndexOf('?');
        var path = question < 0 ? target : target[..question];
        if (path.Contains('%'))
        {
            // Decode as often as anything behind us might: %252e%252e is two dots to a hub that decodes twice.
            var decoded = path.ToString();
            for (var round = 0; TryDecodeAll(decoded, out var once); round++)
            {
                if (once is null || round == MostDecodings)
                    return false;
                decoded = once;
            }

            return !HasDotSegment(decoded);
        }

        return !HasDotSegment(path);
    }

    /// <summary>A segment of one or two dots, between slashes of either kind; also with path parameters behind it (<c>..;x</c>).</summary>
    private static bool HasDotSegment(ReadOnlySpan<char> path)
    {
        if (!path.Contains('.'))
            return false;
        foreach (var range in path.SplitAny('/', '\\'))
        {
            var segment = path[range];
            var parameters = segment.IndexOf(';');
            if (parameters >= 0)
                segment = segment[..parameters];
            if (segment is "." or "..")
                return true;
        }

        return false;
    }

    /// <summary>True when something was decoded; <paramref name="decoded"/> is null when a percent sign or what it stands for is bad.</summary>
    private static bool TryDecodeAll(string path, out string? decoded)
    {
        decoded = null;
        if (!path.Contains('%', StringComparison.Ordinal))
            return false;
        var text = new StringBuilder(path.Length);
        var isChanged = false;
        for (var index = 0; index < path.Length; index++)
        {
            if (path[index] == '%' && TryDecode(path, index, out var character))
            {
                if (character < ' ' || character == (char)0x7F)
                    return true;
                text.Append(character);
                isChanged = true;
                index += 2;
            }
            else
            {
                text.Append(path[index]);
            }
        }

        decoded = text.ToString();
        return isChanged;
    }

    private static bool TryDecode(ReadOnlySpan<char> text, int index, out char character)
    {
        character = '\0';
        if (index + 2 >= text.Length || !char.IsAsciiHexDigit(text[index + 1]) || !char.IsAsciiHexDigit(text[index + 2]))
            return false;
        character = (char)((Convert.FromHexString(text.Slice(index + 1, 2)))[0]);
        return true;
    }
}
