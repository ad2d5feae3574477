using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Keypace.Domain.Signing;

/// <summary>
/// AWS Signature Version 4 of one request, as https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html defines it,
/// with paths encoded twice, as every service but S3 wants it. Written here because AWS's own signer comes only inside AWSSDK.Core
/// (5 MB, with a credential chain that reads the machine's files and metadata), which this must never do. tests/clients/botocore proves it.
/// </summary>
public static class AwsSignature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    // What stays as it is in a canonical path: RFC 3986's unreserved characters, and the slashes between segments.
    private static readonly SearchValues<byte> Kept = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"u8);

    /// <summary>The moment as the header <c>x-amz-date</c> says it: <c>20261125T220000Z</c>. It must be signed too.</summary>
    public static string Date(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The value of the <c>Authorization</c> header.</summary>
    /// <param name="target">Path and query as they go out, still percent-encoded.</param>
    /// <param name="headers">What is signed, names in lower case: <c>host</c> and <c>x-amz-date</c> at least; several values joined by commas.</param>
    /// <param name="bodySha256">Of the bytes that go out.</param>
    /// <param name="scope">Where the signature counts.</param>
    public static string Authorization(
        string method, string target, IReadOnlyList<KeyValuePair<string, string>> headers, ReadOnlySpan<byte> bodySha256,
        AwsScope scope, string accessKey, string secretAccessKey)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(secretAccessKey);
        var sorted = headers.OrderBy(header => header.Key, StringComparer.Ordinal).ToList();
        var names = string.Join(';', sorted.Select(header => header.Key));
        var mark = target.IndexOf('?', StringComparison.Ordinal);

        var canonical = new StringBuilder()
            .Append(method).Append('\n')
            .Append(CanonicalPath(mark < 0 ? target : target[..mark])).Append('\n')
            .Append(CanonicalQuery(mark < 0 ? "" : target[(mark + 1)..])).Append('\n');
        foreach (var (name, value) in sorted)
            canonical.Append(name).Append(':').Append(OneSpaced(value)).Append('\n');
        canonical.Append('\n').Append(names).Append('\n').Append(Convert.ToHexStringLower(bodySha256));

        var date = Date(scope.Now);
        var place = $"{date[..8]}/{scope.Region}/{scope.Service}/aws4_request";
        var toSign = $"{Algorithm}\n{date}\n{place}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var signature = Sign(secretAccessKey, date[..8], scope, toSign);
        return $"{Algorithm} Credential={accessKey}/{place}, SignedHeaders={names}, Signature={signature}";
    }

    private static string Sign(string secretAccessKey, string day, AwsScope scope, string text)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secretAccessKey);
        foreach (var part in (ReadOnlySpan<string>)[day, scope.Region, scope.Service, "aws4_request"])
        {
            var next = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
            CryptographicOperations.ZeroMemory(key);
            key = next;
        }

        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
        CryptographicOperations.ZeroMemory(key);
        return Convert.ToHexStringLower(signature);
    }

    /// <summary>Dot segments and empty ones are gone; what is not unreserved is encoded, the percent signs of the path among it.</summary>
    private static string CanonicalPath(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == ".." && segments.Count > 0)
                segments.RemoveAt(segments.Count - 1);
            else if (segment.Length > 0 && segment is not ("." or ".."))
                segments.Add(segment);
        }

        var joined = "/" + string.Join('/', segments) + (path.EndsWith('/') && segments.Count > 0 ? "/" : "");
        var encoded = new StringBuilder(joined.Length + 16);
        foreach (var one in Encoding.UTF8.GetBytes(joined))
        {
            if (Kept.Contains(one))
                encoded.Append((char)one);
            else
                encoded.Append('%').Append(one.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    /// <summary>Sorted by name, then by value; a name alone gets its equals sign.</summary>
    private static string CanonicalQuery(string query)
    {
        if (query.Length == 0)
            return "";
        var pairs = query.Split('&').Select(pair => pair.Split('=', 2)).Select(pair => (Name: pair[0], Value: pair.Length > 1 ? pair[1] : ""));
        return string.Join('&', pairs
            .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
            .Select(pair => $"{pair.Name}={pair.Value}"));
    }

    /// <summary>Spaces around a value do not count, and several in a row count as one.</summary>
    private static string OneSpaced(string value) =>
        string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <param name="Region"><c>eu-central-1</c>.</param>
/// <param name="Service"><c>bedrock</c>.</param>
public readonly record struct AwsScope(DateTimeOffset Now, string Region, string Service);
