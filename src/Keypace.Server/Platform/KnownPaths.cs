using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace Keypace.Server.Platform;

/// <summary>The paths that some route takes, by whatever method. They are made once, when the first refused method asks for them: routes are the same from then on.</summary>
internal sealed class KnownPaths(EndpointDataSource endpoints)
{
    private readonly Lazy<TemplateMatcher[]> _matchers = new(() => [.. endpoints.Endpoints
        .OfType<RouteEndpoint>()
        .Select(endpoint => endpoint.RoutePattern)
        .Where(pattern => !TakesEveryPath(pattern))
        .DistinctBy(pattern => (object?)pattern.RawText ?? pattern)
        .Select(pattern => new TemplateMatcher(new RouteTemplate(pattern), new RouteValueDictionary(pattern.Defaults)))]);

    public bool Has(PathString path) => Array.Exists(_matchers.Value, matcher => matcher.TryMatch(path, []));

    /// <summary>The framework's own, to have a page say that there is none: for it a POST to nowhere would be a 405.</summary>
    private static bool TakesEveryPath(RoutePattern pattern) => pattern.PathSegments is [{ Parts: [RoutePatternParameterPart { IsCatchAll: true }] }];
}
