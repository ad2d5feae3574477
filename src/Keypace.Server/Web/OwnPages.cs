using System.Collections.Immutable;
using System.Reflection;
using Microsoft.AspNetCore.Components;

namespace Keypace.Server.Web;

/// <summary>The pages behind the sign-in, as addresses: only to these does a sign-in lead back. Whatever is not surely one of them is none.</summary>
internal static class OwnPages
{
    public const string First = "/";
    private const int MostCharacters = 2000;
    private const int MostInSegment = 64;

    // Of every component that is a page, its route cut at the slashes; null stands for a parameter.
    private static readonly ImmutableArray<ImmutableArray<string?>> _routes =
    [
        .. typeof(OwnPages).Assembly.GetTypes()
            .SelectMany(type => type.GetCustomAttributes<RouteAttribute>())
            .Select(route => route.Template.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => part.StartsWith('{') ? null : part).ToImmutableArray()),
        [KeyNavigation.ByName[1..]],
    ];

    /// <summary>The page where a sign-in leads back to: <paramref name="wanted"/> when it is one of ours, else the first.</summary>
    /// <param name="wanted">A path with its query, as it stood in a URL.</param>
    public static string Return(string wanted) => Has(wanted) ? wanted : First;

    private static bool Has(string address)
    {
        if (address.Length is 0 or > MostCharacters || address[0] != '/')
            return false;
        var end = address.IndexOf('?', StringComparison.Ordinal);
        if (end >= 0 && !IsPlainQuery(address[(end + 1)..]))
            return false;
        var path = end < 0 ? address : address[..end];
        if (path == First)
            return true;
        var parts = path[1..].Split('/');
        return _routes.Any(route => route.Length == parts.Length && route.Zip(parts).All(pair => pair.First is null ? IsPlainSegment(pair.Second) : pair.First == pair.Second));
    }

    /// <summary>An id or a code: no dots, no percent signs, nothing that a browser could read as something else.</summary>
    private static bool IsPlainSegment(string segment) =>
        segment.Length is > 0 and <= MostInSegment && segment.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static bool IsPlainQuery(string query)
    {
        foreach (var letter in query)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && !"-._~%=&+,:;@!$'()*/?".Contains(letter, StringComparison.Ordinal))
                return false;
        }

        return !Uri.UnescapeDataString(query).Any(char.IsControl);
    }
}
