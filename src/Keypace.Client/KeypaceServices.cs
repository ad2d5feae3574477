using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Keypace.Client;

/// <summary>Which server, and with which token. What is null comes from the environment.</summary>
public sealed class KeypaceClientOptions
{
    /// <summary>http or https, with or without <c>/v1</c> at its end; null for <c>KEYPACE_BASE_URL</c>, and without it <see cref="KeypaceClient.DefaultBaseAddress"/>.</summary>
    public Uri? BaseAddress { get; set; }

    /// <summary>The access token; null for <c>KEYPACE_TOKEN</c>, else the content of the file that <c>KEYPACE_TOKEN_FILE</c> names.</summary>
    public string? Token { get; set; }

    internal static KeypaceClientOptions Completed(KeypaceClientOptions given, Func<string, string?> environment) => new()
    {
        BaseAddress = given.BaseAddress ?? (NotEmpty(environment("KEYPACE_BASE_URL")) is { } url ? Address(url) : KeypaceClient.DefaultBaseAddress),
        Token = NotEmpty(given.Token) ?? NotEmpty(environment("KEYPACE_TOKEN")) ?? (NotEmpty(environment("KEYPACE_TOKEN_FILE")) is { } file ? NotEmpty(File.ReadAllText(file)) : null)
            ?? throw new InvalidOperationException("Keypace has no access token. Set KeypaceClientOptions.Token, KEYPACE_TOKEN or KEYPACE_TOKEN_FILE."),
    };

    private static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : throw new InvalidOperationException("KEYPACE_BASE_URL is not an absolute address.");

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>Registers <see cref="KeypaceClient"/> for dependency injection.</summary>
public static class KeypaceServices
{
    /// <summary>Adds one <see cref="KeypaceClient"/> for the whole program, on <see cref="IHttpClientFactory"/>.</summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="configure">Names server and token; null takes both from the environment.</param>
    /// <returns>The builder of its HTTP client, to add handlers. The primary handler must not follow redirects: they would carry the token elsewhere.</returns>
    /// <exception cref="InvalidOperationException">At first use: there is no token.</exception>
    /// <example>
    /// <code>
    /// builder.Services.AddKeypaceClient(options => options.BaseAddress = new Uri("https://keys.example.org"));
    /// app.MapPost("/ask", async (string prompt, KeypaceClient keypace) => (await keypace.Queries.AskAsync(prompt, "support-bot")).Text);
    /// </code>
    /// </example>
    public static IHttpClientBuilder AddKeypaceClient(this IServiceCollection services, Action<KeypaceClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(provider => Make(provider, Options.DefaultName));
        return Configure(services, Options.DefaultName, configure);
    }

    /// <summary>Adds one more client under a name, for programs that talk to several servers: <c>[FromKeyedServices("name")] KeypaceClient</c>.</summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="name">The key of the keyed service.</param>
    /// <param name="configure">Names server and token; null takes both from the environment.</param>
    /// <returns>The builder of its HTTP client, to add handlers.</returns>
    public static IHttpClientBuilder AddKeypaceClient(this IServiceCollection services, string name, Action<KeypaceClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        services.TryAddKeyedSingleton(name, static (provider, key) => Make(provider, (string)key!));
        return Configure(services, name, configure);
    }

    private static IHttpClientBuilder Configure(IServiceCollection services, string name, Action<KeypaceClientOptions>? configure)
    {
        services.AddOptions<KeypaceClientOptions>(name);
        if (configure is not null)
            services.Configure(name, configure);

        // The client is kept for good, so its handler is too; the handler itself renews its connections.
        return services.AddHttpClient(ClientName(name))
            .ConfigureHttpClient(static http => http.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => KeypaceClient.Handler(OptionsOf(provider, name).BaseAddress!))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RedactLoggedHeaders(["Authorization", "x-api-key", "api-key"]);
    }

    private static KeypaceClient Make(IServiceProvider provider, string name)
    {
        var options = OptionsOf(provider, name);
        var http = provider.GetRequiredService<IHttpClientFactory>().CreateClient(ClientName(name));
        return new KeypaceClient(http, options.Token, options.BaseAddress);
    }

    private static KeypaceClientOptions OptionsOf(IServiceProvider provider, string name) =>
        KeypaceClientOptions.Completed(provider.GetRequiredService<IOptionsMonitor<KeypaceClientOptions>>().Get(name), Environment.GetEnvironmentVariable);

    private static string ClientName(string name) => name.Length == 0 ? "Keypace.Client" : $"Keypace.Client.{name}";
}
