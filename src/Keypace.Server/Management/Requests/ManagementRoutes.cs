using System.Globalization;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Paths;
using Keypace.Server.Management.Access;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Management.Requests;

/// <summary>
/// Maps management routes. Each says what its caller must be allowed to; nothing of the request's body is read before that was
/// asked. Every success is 200 with JSON.
/// </summary>
internal static class ManagementRoutes
{
    public static IEndpointConventionBuilder Get<T>(
        this IEndpointRouteBuilder routes, string pattern, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull => Map(routes, HttpMethods.Get, pattern, need, answer);

    public static IEndpointConventionBuilder Post<T>(
        this IEndpointRouteBuilder routes, string pattern, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull => Map(routes, HttpMethods.Post, pattern, need, answer);

    public static IEndpointConventionBuilder Put<T>(
        this IEndpointRouteBuilder routes, string pattern, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull => Map(routes, HttpMethods.Put, pattern, need, answer);

    public static IEndpointConventionBuilder Delete<T>(
        this IEndpointRouteBuilder routes, string pattern, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull => Map(routes, HttpMethods.Delete, pattern, need, answer);

    /// <summary>Names the record that the body is, for the interface description.</summary>
    public static IEndpointConventionBuilder Takes<TBody>(this IEndpointConventionBuilder route) =>
        route.WithMetadata(new AcceptsMetadata(["application/json"], typeof(TBody)));

    /// <summary>Names the query parameters that the route reads, for the interface description.</summary>
    public static IEndpointConventionBuilder Reads(this IEndpointConventionBuilder route, params string[] parameters) =>
        route.WithMetadata(new QueryParameters(parameters));

    private static IEndpointConventionBuilder Map<T>(
        IEndpointRouteBuilder routes, string method, string pattern, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull =>
        routes.MapMethods(pattern, [method], context => AnswerAsync(context, need, answer))
            // The method is what makes the interface description list the route.
            .WithMetadata(answer.Method, new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));

    private static async Task AnswerAsync<T>(HttpContext context, Need need, Func<ManagementCall, Task<Outcome<T>>> answer)
        where T : notnull
    {
        try
        {
            if (!Authorize(context, need).TryGet(out var call, out var refusal)
                || !(await answer(call)).TryGet(out var value, out refusal))
            {
                await Problems.WriteAsync(context, refusal);
                return;
            }

            await WriteAsync(context.Response, value);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller left; there is nobody to answer.
        }
    }

    private static Outcome<ManagementCall> Authorize(HttpContext context, Need need)
    {
        if (!context.RequestServices.GetRequiredService<Callers>().Authenticate(context.Request).TryGet(out var token, out var refusal))
            return refusal;
        NoteExpiry(context, token);
        var caller = Caller.OfToken(token, context.Connection.RemoteIpAddress?.ToString(), RequestIds.Of(context));
        return caller.Check(need) is { } forbidden ? forbidden : new ManagementCall(context, caller);
    }

    private static void NoteExpiry(HttpContext context, ServedToken token)
    {
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        if (token.Grant.ExpiresAt - now < TokenLifetime.Warning)
            context.Response.Headers[HttpQuery.TokenExpiresHeader] = token.Grant.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
    }

    private static Task WriteAsync<T>(HttpResponse response, T value)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, typeof(T), KeypaceJson.Readable);
        response.ContentType = "application/json";
        response.ContentLength = bytes.Length;
        response.Headers.CacheControl = "no-store";
        return response.Body.WriteAsync(bytes).AsTask();
    }
}

/// <summary>The query parameters of a route.</summary>
internal sealed record QueryParameters(IReadOnlyList<string> Names);
