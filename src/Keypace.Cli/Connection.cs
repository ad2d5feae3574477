using Keypace.Client;

namespace Keypace.Cli;

/// <summary>Which server and with which token: options first, then the environment, then the stored profile.</summary>
internal static class Connection
{
    public static async Task<KeypaceClient> OpenAsync(string? baseUrl, string? tokenFile, Terminal terminal, CancellationToken ct)
    {
        var named = NotEmpty(baseUrl) ?? NotEmpty(terminal.Environment("KEYPACE_BASE_URL"));
        var givenFile = NotEmpty(tokenFile);
        var token = givenFile is null ? NotEmpty(terminal.Environment("KEYPACE_TOKEN")) : null;
        givenFile ??= token is null ? NotEmpty(terminal.Environment("KEYPACE_TOKEN_FILE")) : null;
        if (givenFile is not null)
        {
            token = (await SecretInput.ReadFileAsync(givenFile, ct)).Trim();
        }

        // Only looked at when needed, so that a broken profile does not stop those who name everything.
        var profile = named is null || token is null ? Profile.Read(terminal.Environment) : null;
        var address = Address(named ?? profile?.BaseUrl);
        if (token is null && profile?.Token is not null && Same(address, Address(profile.BaseUrl)))
        {
            token = profile.Token;   // a profile's token never goes to another server than the profile's
        }

        if (string.IsNullOrWhiteSpace(token))
        {
            throw CommandFailure.Usage(
                "No access token. Name its file with --token-file, or set KEYPACE_TOKEN or KEYPACE_TOKEN_FILE. "
                + "`keypace init --token-file FILE` makes the first one, `keypace tokens create` more.");
        }

        if (address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback && terminal.CanAsk)
        {
            await terminal.Error.WriteLineAsync($"Warning: {address.Host} is spoken to over plain http; the token and every secret can be read on the way.");
        }

        try
        {
            return new KeypaceClient(address, token);
        }
        catch (ArgumentException unusable)
        {
            throw CommandFailure.Usage(unusable.Message);
        }
    }

    private static Uri Address(string? text)
    {
        if (text is null)
        {
            return KeypaceClient.DefaultBaseAddress;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address!
            : throw CommandFailure.Usage("The base URL must be an absolute http or https address, such as http://127.0.0.1:5397.");
    }

    private static bool Same(Uri left, Uri right) =>
        Uri.Compare(left, right, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
