using System.Text.Json;
using System.Text.Json.Serialization;
using Keypace.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Keypace.Server.Management.Requests;

/// <summary>What <c>GET /openapi/v1.json</c> cannot see in the routes: the wire's spelling, parameters, and that a token is needed.</summary>
internal static class InterfaceDescription
{
    private const string Document = "v1";
    private const string Scheme = "accessToken";

    public static IServiceCollection AddInterfaceDescription(this IServiceCollection services) => services
        .ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, KeypaceJson.Default);
        })
        .Configure<OpenApiOptions>(Document, options => options
            .AddOperationTransformer((operation, context, _) => DescribeParameters(operation, context))
            .AddDocumentTransformer((document, _, _) => DescribeToken(document)));

    private static Task DescribeParameters(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var part in RoutePatternFactory.Parse(context.Description.RelativePath ?? "").Parameters)
            operation.Parameters.Add(Parameter(part.Name, ParameterLocation.Path, isRequired: true));
        foreach (var name in metadata.OfType<QueryParameters>().SelectMany(query => query.Names))
            operation.Parameters.Add(Parameter(name, ParameterLocation.Query, isRequired: false));
        return Task.CompletedTask;
    }

    private static Task DescribeToken(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An access token: kpa_…",
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
        return Task.CompletedTask;
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, bool isRequired) => new()
    {
        Name = name, In = place, Required = isRequired, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
