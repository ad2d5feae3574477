using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.People.SettingUp;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Server.Platform.Settings;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Web.Live;
using Keypace.Server.Web.Notes;
using Keypace.Server.Web.SignIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Web;

/// <summary>The web interface's front door: what it adds to the server. With the setting <c>Web:Enabled</c> off, only <c>/setup</c> is left.</summary>
internal static class WebFeature
{
    // A page that hears nothing for three of these says that the server is not answering (connection.js).
    private static readonly TimeSpan _betweenSigns = TimeSpan.FromSeconds(4);
    private const string Manifest = "keypace.staticwebassets.endpoints.json";

    public static IServiceCollection AddWeb(this IServiceCollection services, Store store)
    {
        services.AddPageKeys(store);
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // A page that lost its connection is remembered for as long as a laptop takes to wake; its form is in the browser anyway.
            circuits.DisconnectedCircuitMaxRetained = 50;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
        }).AddHubOptions(connection => connection.KeepAliveInterval = _betweenSigns);
        services.AddAntiforgery(forgery => forgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest);
        services.AddSingleton<WebAssets>();
        services.AddSingleton<LiveFeed>();
        services.AddSingleton<PageConnections>();
        services.AddScoped<Me>();
        services.AddScoped<Toasts>();
        services.AddScoped<CircuitHandler, SessionKeeper>();
        return services;
    }

    /// <summary>Before the gateway.</summary>
    public static void UseKeyNavigation(this WebApplication app, Settings settings)
    {
        var services = app.Services;
        if (settings.IsOn("Web:Enabled"))
            app.Use(next => new KeyNavigation(services.GetRequiredService<Sessions>(), services.GetRequiredService<BrowserCookie>(), services.GetRequiredService<KeySnapshots>(), next).InvokeAsync);
    }

    /// <summary>After routing, before the end points.</summary>
    public static void UseWeb(this WebApplication app)
    {
        var sessions = app.Services.GetRequiredService<Sessions>();
        var cookies = app.Services.GetRequiredService<BrowserCookie>();
        var connections = app.Services.GetRequiredService<PageConnections>();
        app.Use(next => new PageGate(sessions, cookies, connections, next).InvokeAsync);
        app.Use(next => context => KeepAsync(context, next));
        app.Use(next => context => IsLostPerson(context) ? PlainPages.NoticeAsync(
            context, StatusCodes.Status404NotFound, "There is no such page", "The address may be misspelled, or what it showed is gone.", "/", "Open Keypace") : next(context));
        app.Use(next => context =>
        {
            if (cookies.IsSecure(context.Request))
                context.Request.Scheme = Uri.UriSchemeHttps;   // as the browser sees it, which decides about the framework's own cookie
            return next(context);
        });
        app.UseAntiforgery();
    }

    public static void MapWeb(this IEndpointRouteBuilder routes, Settings settings)
    {
        var services = routes.ServiceProvider;
        var signIn = services.GetRequiredService<SignInOperations>();
        var cookies = services.GetRequiredService<BrowserCookie>();
        var claim = services.GetRequiredService<Claim>();
        new SetupEndpoints(claim, cookies, signIn, services.GetRequiredService<Passwords>(), settings.Text("PublicUrl")).Map(routes);
        // Made when the program is published; a test's server, which runs from its build folder, has none and shows pages without their looks.
        var manifest = Path.Combine(AppContext.BaseDirectory, Manifest);
        if (File.Exists(manifest))
            routes.MapStaticAssets(manifest);
        if (!settings.IsOn("Web:Enabled"))
            return;

        new SignInEndpoints(claim, services.GetRequiredService<Sessions>(), cookies, signIn).Map(routes);
        routes.MapRazorComponents<App>().AddInteractiveServerRenderMode(connection =>
        {
            connection.ContentSecurityFrameAncestorsPolicy = null;   // our own headers say it
            connection.DisableWebSocketCompression = true;   // saves memory a page, and keeps lengths from telling what is inside
        }).Add(PageConnections.OfferWebSocketsOnly);
    }

    /// <summary>A person's browser at an address that nobody has. Programs, and whatever is below <c>/v1</c> and <c>/keys</c>, are answered as JSON.</summary>
    private static bool IsLostPerson(HttpContext context) =>
        context.GetEndpoint() is null
        && HttpMethods.IsGet(context.Request.Method)
        && context.Request.Headers["Sec-Fetch-Dest"] == "document"
        && !context.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase)
        && !context.Request.Path.StartsWithSegments("/keys", StringComparison.OrdinalIgnoreCase);

    /// <summary>Files whose address has their hash in it are kept for a year, all others are asked for again each time.</summary>
    private static Task KeepAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.StartsWith("/assets/", StringComparison.Ordinal)
            || path.StartsWith("/_content/", StringComparison.Ordinal)
            || path.StartsWith("/_framework/", StringComparison.Ordinal))
        {
            var isVersioned = context.Request.Query.ContainsKey(WebAssets.VersionParameter) || path.StartsWith("/assets/fonts/", StringComparison.Ordinal);
            context.Response.OnStarting(() =>
            {
                if (context.Response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status304NotModified)
                    context.Response.Headers.CacheControl = isVersioned ? "public, max-age=31536000, immutable" : "no-cache";
                return Task.CompletedTask;
            });
        }

        return next(context);
    }
}
