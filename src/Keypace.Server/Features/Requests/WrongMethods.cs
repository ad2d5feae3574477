using Keypace.Domain;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Requests;

/// <summary>A management path that exists, asked with a method that it does not take: said in words, where routing alone would give an empty answer.</summary>
internal static class WrongMethods
{
    public static void MapWrongMethods(this IEndpointRouteBuilder routes) =>
        routes.MapFallback("/v1/{**rest}", AnswerAsync).ExcludeFromDescription();

    private static Task AnswerAsync(HttpContext context)
    {
        var methods = MethodsOf(context);
        if (methods.Count == 0)
            return UnknownPaths.RefuseAsync(context);
        var list = string.Join(", ", methods);
        context.Response.Headers.Allow = list;
        return Problems.WriteAsync(context, new Refusal(
            RefusalReason.Malformed, "method_not_allowed", $"This route takes {list}, not {context.Request.Method}."));
    }

    private static SortedSet<string> MethodsOf(HttpContext context)
    {
        var methods = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { } taken
                && new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []).TryMatch(context.Request.Path, []))
                methods.UnionWith(taken.HttpMethods);
        }

        return methods;
    }
}
