using Keypace.Domain.Vault;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.People.SignIn;

internal static class SignInFeature
{
    /// <param name="random">Draws the tokens of sessions and links, and the marks of browsers.</param>
    /// <param name="publicUrl">The setting <c>PublicUrl</c>.</param>
    public static IServiceCollection AddSignIn(this IServiceCollection services, RandomBytes random, string? publicUrl) => services
        .AddSingleton(provider => new Sessions(
            provider.GetRequiredService<Store>(), provider.GetRequiredService<SecretVault>(), provider.GetRequiredService<KeySnapshots>(), random, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Sessions>>()))
        .AddSingleton(provider => new BrowserCookie(provider.GetRequiredService<Store>(), publicUrl))
        .AddSingleton(provider => new SignInLinks(random, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<SignInTries>()
        .AddSingleton(provider => new KnownBrowsers(provider.GetRequiredService<SecretVault>(), random, provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<RefusedSignIns>()
        .AddSingleton<SignInOperations>();
}
