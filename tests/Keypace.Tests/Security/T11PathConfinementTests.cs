using System.Text;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Requests;
using Keypace.Tests.Domain.Hubs;

namespace Keypace.Tests.Security;

/// <summary>Whatever stands behind a key's name, the hub is asked under the key's prefix, byte for byte as the caller wrote it, or not at all.</summary>
public sealed class T11PathConfinementTests
{
    private static readonly string[] Pieces =
    [
        "v1", "v1/", "/", "//", ".", "..", "../", "./", "%2e", "%2E%2e", "%252e%252e", "%25252e", "%2f", "%2F", "%5c", "\\", ";", ";x=1", "..;", "..;/", "chat", "completions", "models", "a b", "?", "?a=../..",
        "#", "%00", "%0d%0a", "\r\n", "\0", "@", "@evil.example", "https://evil.example/", "//evil.example", ":443", "%", "%zz", "%c0%ae", "%e0%80%ae", "\u2024", "\uFF0E", "*", "~", "+", "%20", "\t", "ünï", "%u002e",
        "organization", "admin", "keys", "v1%2f..", "v1/..", "v2", "x",
    ];

    [Fact]
    public void Every_target_lies_under_the_prefix()
    {
        var threat = new Threat("T11", "path confinement");
        var random = new Random(threat.Seed);
        Destination[] homes = [.. new[] { "https://api.example.com/v1", "https://api.example.com/", "https://api.example.com/openai/deployments/x/" }.Select(Parsed)];
        for (var index = 0; index < Threat.Cases(50_000, 1_000_000); index++)
        {
            var home = homes[index % homes.Length];
            var rest = string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pieces[random.Next(Pieces.Length)] + (random.Next(3) == 0 ? "/" : "")));
            if (!HubTarget.Under(home, rest).TryGet(out var uri, out _))
            {
                threat.Check(!IsPlain(rest), () => $"refused a plain target: {rest}");
                continue;
            }

            var trimmed = rest.StartsWith('/') ? rest[1..] : rest;
            var sent = uri.PathAndQuery;
            var (host, path) = (uri.Scheme + "://" + uri.Host + ":" + uri.Port, sent.Split('?')[0]);
            threat.Check(
                host == home.Origin && sent.StartsWith(home.Prefix, StringComparison.Ordinal) && sent.EndsWith(trimmed.Length > 3 ? trimmed[3..] : "", StringComparison.Ordinal)
                    && !HasDots(path) && sent.All(letter => letter is > ' ' and < '\x7f'),
                () => $"{home} + '{rest}' became {uri.OriginalString}");
        }

        threat.Done();
    }

    /// <summary>What a key's own fields write into a hub's address stays in its label or segment.</summary>
    [Fact]
    public void Every_field_of_an_address_stays_in_its_place()
    {
        var threat = new Threat("T11", "fields in hubs' addresses");
        var random = new Random(threat.Seed);
        var templates = (
            from hub in TestHubs.Catalogue.All
            from way in hub.Variants.Prepend(hub.Access)
            where way.BaseUrl is { } url && url.FieldNames.Any()
            select (hub.Fields, Template: way.BaseUrl!)).DistinctBy(one => one.Template.Text).ToList();
        Assert.True(templates.Count > 3);
        for (var index = 0; index < Threat.Cases(5_000, 100_000); index++)
        {
            var (fields, template) = templates[index % templates.Count];
            var values = template.FieldNames.Distinct().ToDictionary(name => name, _ => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pieces[random.Next(Pieces.Length)])));
            if (!template.Fill(values, fields).TryGet(out var filled, out _))
                continue;
            var expected = values.Aggregate(template.Text, (text, one) => text.Replace($"{{{one.Key}}}", "x", StringComparison.Ordinal));
            var (uri, model) = (new Uri(filled.Address), new Uri(expected));
            threat.Check(
                uri.Scheme == "https" && uri.UserInfo.Length == 0 && uri.Port == model.Port && uri.Query.Length == 0 && uri.Fragment.Length == 0
                    && uri.Host.Split('.').Length == model.Host.Split('.').Length && uri.Segments.Length >= model.Segments.Length
                    && uri.Host.EndsWith(string.Join('.', model.Host.Split('.')[^2..]), StringComparison.Ordinal),
                () => $"{template.Text} with {string.Join(", ", values)} became {filled.Address}");
        }

        threat.Done();
    }

    private static bool IsPlain(string rest) => rest.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '-');

    /// <summary>A segment of dots after any number of decodings, with slashes of either kind.</summary>
    private static bool HasDots(string path)
    {
        for (var round = 0; round < 6; round++)
        {
            if (path.Split('/', '\\').Select(segment => segment.Split(';')[0]).Any(segment => segment is "." or ".."))
                return true;
            path = Encoding.Latin1.GetString([.. Decoded(path)]);
        }

        return false;
    }

    private static IEnumerable<byte> Decoded(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '%' && at + 2 < text.Length && byte.TryParse(text.AsSpan(at + 1, 2), System.Globalization.NumberStyles.HexNumber, null, out var value))
            {
                yield return value;
                at += 2;
            }
            else
            {
                yield return (byte)text[at];
            }
        }
    }

    private static Destination Parsed(string address)
    {
        Assert.True(Destination.Parse(address).TryGet(out var destination, out _));
        return destination!;
    }
}
