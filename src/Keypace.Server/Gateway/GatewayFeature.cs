using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Contract;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Gateway.Models;
using Keypace.Server.Gateway.Paths;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Platform;
using Keypace.Server.Platform.Settings;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Gateway;

/// <summary>The room's front door: what it adds to the server, and which requests it takes.</summary>
internal static class GatewayFeature
{
    /// <param name="settings">Checked when they were read.</param>
    public static IServiceCollection AddGateway(this IServiceCollection services, Settings settings) => services
        .AddSingleton(GatewayOptions.Of(settings))
        .AddSingleton(EgressOf(settings))
        .AddSingleton<KeySnapshots>()
        .AddSingleton<Callers>()
        .AddSingleton<Envelopes>()
        .AddSingleton<TokenEndpoint>()
        .AddSingleton<ICredentialSource, AccessTokens>()
        .AddSingleton<ICredentialSource, AwsSigning>()
        .AddSingleton<Credentials>()
        .AddSingleton<HubGuards>()
        .AddSingleton<PacingFigures>()
        .AddSingleton<KeyAccounts>()
        .AddSingleton<HubLines>()
        .AddSingleton<AskerEndings>()
        .AddSingleton<SecondLook>()
        .AddSingleton<HubSending>()
        .AddSingleton<HubExchange>()
        .AddSingleton<HubCall>()
        .AddSingleton<HttpQueryParts>()
        .AddSingleton<WaitingBodies>()
        .AddSingleton<Settlement>()
        .AddSingleton<KeyHealth>()
        .AddSingleton<GatewayPath>()
        .AddSingleton<ContractPath>()
        .AddSingleton<ModelLists>()
        .AddSingleton<ModelsPath>();

    /// <summary>
    /// Takes queries before routing: the hot path pays for no route table, and the passthrough needs the target as it was sent,
    /// not as it was tidied up.
    /// </summary>
    public static void UseGateway(this WebApplication app)
    {
        var gateway = app.Services.GetRequiredService<GatewayPath>();
        var contract = app.Services.GetRequiredService<ContractPath>();
        var models = app.Services.GetRequiredService<ModelsPath>();
        app.Services.GetRequiredService<PacingFigures>().AddTo(app.Services.GetRequiredService<Metrics>());

        app.Use((context, next) =>
        {
            var path = context.Request.Path.Value ?? "";
            if (path.StartsWith("/v1/", StringComparison.Ordinal) || RequestTarget.IsBelowKeys(context))
                AnswerHead.WriteOwn(context.Response.Headers);
            if (GatewayRoute.Of(path) is { } route)
                return gateway.RunAsync(context, OtherRoutes.AsksOnly(context.Request) ? GatewayRoute.Passthrough : route);
            if (OtherRoutes.GoesToTheNamedKey(context.Request, path))
                return gateway.RunAsync(context, GatewayRoute.Passthrough);
            if (RequestTarget.IsBelowKeys(context))
                return gateway.RunAsync(context, GatewayRoute.Passthrough);
            if (path is "/v1/chat_complete" or "/v1/chat_complete/")
            {
                return HttpMethods.IsPost(context.Request.Method)
                    ? contract.RunAsync(context)
                    : Problems.WriteAsync(context, new Refusal(RefusalReason.WrongMethod, "method_not_allowed", "This route takes POST."));
            }

            if (path.StartsWith(ModelsPath.Path, StringComparison.Ordinal) && (path.Length == ModelsPath.Path.Length || path[ModelsPath.Path.Length] == '/'))
                return models.RunAsync(context, path);
            return OtherRoutes.WhyNot(path) is { } refusal ? Problems.WriteAsync(context, refusal) : next(context);
        });
    }

    private static EgressPolicy EgressOf(Settings settings) =>
        EgressPolicy.Parse(settings.Text("Egress:Allow")).TryGet(out var policy, out var refusal)
            ? policy
            : throw new InvalidOperationException(refusal.Detail);   // the settings table has checked it
}
