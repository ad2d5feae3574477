using Keypace.Client;

namespace Keypace.Cli;

/// <summary>Where a token was found; says how a shell can name it without repeating it.</summary>
internal enum TokenOrigin
{
    None,
    File,
    Variable,
    Profile,
}

/// <summary>Which server and with which token: options first, then the environment, then the stored profile.</summary>
/// <param name="TokenFile">The file it was read from, when it came from one that somebody named.</param>
internal sealed record Connection(Uri Address, string? Token, TokenOrigin Origin, string? TokenFile)
{
    public static async Task<Connection> FindAsync(string? baseUrl, string? tokenFile, Terminal terminal, CancellationToken ct)
    {
        var named = NotEmpty(baseUrl) ?? NotEmpty(terminal.Environment("KEYPACE_BASE_URL"));
        var givenFile = NotEmpty(tokenFile);
        var token = givenFile is null ? NotEmpty(terminal.Environment("KEYPACE_TOKEN")) : null;
        var origin = token is null ? TokenOrigin.None : TokenOrigin.Variable;
        givenFile ??= token is null ? NotEmpty(terminal.Environment("KEYPACE_TOKEN_FILE")) : null;
        if (givenFile is not null)
            (token, origin) = (NotEmpty(await SecretInput.ReadFileAsync(givenFile, ct)), TokenOrigin.File);

        // Only looked at when needed, so that a broken profile does not stop those who name everything.
        var profile = named is null || token is null ? Profile.Read(terminal.Environment) : null;
        var address = AddressOf(named ?? profile?.BaseUrl);
        if (token is null && profile?.Token is not null && Same(address, AddressOf(profile.BaseUrl)))
        {
            (token, origin) = (profile.Token, TokenOrigin.Profile);   // a profile's token never goes to another server than the profile's
        }

        return new Connection(address, token, origin, givenFile);
    }

    public async Task<KeypaceClient> OpenAsync(Terminal terminal)
    {
        if (string.IsNullOrWhiteSpace(Token))
        {
            throw CommandFailure.Usage(
                "No access token. Run `keypace login`, name a file with --token-file, or set KEYPACE_TOKEN or KEYPACE_TOKEN_FILE. "
                + "`keypace init --token-file FILE` makes the first one, `keypace tokens create` more.");
        }

        if (Address.Scheme == Uri.UriSchemeHttp && !Address.IsLoopback && terminal.CanAsk)
            await terminal.Error.WriteLineAsync($"Warning: {Address.Host} is spoken to over plain http; the token and every secret can be read on the way.");

        return Open(Address, Token);
    }

    public static KeypaceClient Open(Uri address, string? token)
    {
        try
        {
            return new KeypaceClient(address, token);
        }
        catch (ArgumentException unusable)
        {
            throw CommandFailure.Usage(unusable.Message);
        }
    }

    public static Uri AddressOf(string? text)
    {
        if (text is null)
            return KeypaceClient.DefaultBaseAddress;

        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address!
            : throw CommandFailure.Usage("The base URL must be an absolute http or https address, such as http://127.0.0.1:5397.");
    }

    private static bool Same(Uri left, Uri right) =>
        Uri.Compare(left, right, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
