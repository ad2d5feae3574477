using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting;

namespace Keypace.Server.Web;

/// <summary>
/// Addresses of the pages' files: the plain path with the beginning of the file's own hash behind it. Plain, because only those are served
/// compressed when they come from a package; with the hash, a browser may keep them for a year.
/// </summary>
internal sealed class WebAssets(IWebHostEnvironment environment)
{
    public const string VersionParameter = "v";

    private readonly ConcurrentDictionary<string, string> _urls = new(StringComparer.Ordinal);

    /// <param name="path">Such as <c>assets/app.css</c>, without a slash in front.</param>
    public string Url(string path) => _urls.GetOrAdd(path, UrlOf);

    private string UrlOf(string path)
    {
        var file = environment.WebRootFileProvider.GetFileInfo(path);
        if (!file.Exists)
            return "/" + path;
        using var content = file.CreateReadStream();
        return $"/{path}?{VersionParameter}={Convert.ToHexStringLower(SHA256.HashData(content))[..12]}";
    }
}
