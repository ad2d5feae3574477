namespace Keypace.Client;

/// <summary>
/// Talks to one Keypace server with one access token. Thread-safe; make one and keep it.
/// </summary>
/// <remarks>
/// Every call can throw <see cref="KeypaceException"/>. Nothing is retried. Methods that take an <c>id</c> put it into the path as it is;
/// where only a name is at hand, <c>FindAsync</c> gives the id. In a program with dependency injection, see
/// <see cref="KeypaceServices.AddKeypaceClient(Microsoft.Extensions.DependencyInjection.IServiceCollection, Action{KeypaceClientOptions}?)"/>.
/// </remarks>
/// <example>
/// <code>
/// using var keypace = new KeypaceClient(new Uri("http://127.0.0.1:5397"), token);
/// var key = await keypace.ApiKeys.FindAsync("openai-main");
/// var answer = await keypace.Queries.AskAsync(new Query("Hello") { Agent = "support-bot" });
/// Console.WriteLine(answer.Text);
/// </code>
/// </example>
public sealed class KeypaceClient : IDisposable
{
    /// <summary>Where a server listens unless told otherwise.</summary>
    public static readonly Uri DefaultBaseAddress = new("http://127.0.0.1:5397");

    private readonly HttpClient? _owned;

    /// <summary>A client with connections of its own, closed by <see cref="Dispose"/>. An answer may take 300 s, that of a query 15 minutes.</summary>
    /// <param name="baseAddress">http or https, with or without <c>/v1</c> at its end.</param>
    /// <param name="token">The access token; null sends none.</param>
    /// <exception cref="ArgumentException">The address is not absolute http(s), or carries credentials, a query or a fragment.</exception>
    public KeypaceClient(Uri baseAddress, string? token)
        : this(Connect(baseAddress), token, baseAddress, owns: true)
    {
    }

    /// <summary>A client on somebody else's <see cref="HttpClient"/>, which stays open and unchanged.</summary>
    /// <param name="http">Its <see cref="HttpClient.BaseAddress"/> is used unless <paramref name="baseAddress"/> is given. It must not follow redirects, and its own timeout holds too.</param>
    /// <param name="token">The access token; null leaves the authorization to <paramref name="http"/>.</param>
    /// <param name="baseAddress">http or https, with or without <c>/v1</c> at its end; null for the one of <paramref name="http"/>.</param>
    /// <exception cref="ArgumentException">There is no usable address.</exception>
    public KeypaceClient(HttpClient http, string? token = null, Uri? baseAddress = null)
        : this(http, token, baseAddress ?? http?.BaseAddress, owns: false)
    {
    }

    private KeypaceClient(HttpClient? http, string? token, Uri? baseAddress, bool owns)
    {
        ArgumentNullException.ThrowIfNull(http);
        var wire = new Wire(http, ServerAddress.Parse(baseAddress), string.IsNullOrWhiteSpace(token) ? null : token.Trim());
        _owned = owns ? http : null;
        BaseAddress = wire.Server;
        ApiKeys = new ApiKeys(wire);
        Agents = new Agents(wire);
        Queries = new Queries(wire);
        Hubs = new Hubs(wire);
        AccessTokens = new AccessTokens(wire);
        Usage = new Usage(wire);
        Audit = new Audit(wire);
        RateGroups = new RateGroups(wire);
        People = new People(wire);
        Settings = new Settings(wire);
        Health = new Health(wire);
    }

    /// <summary>The server's address, without <c>/v1</c> and with a slash at its end.</summary>
    public Uri BaseAddress { get; }

    /// <summary>The stored credentials of model hubs.</summary>
    public ApiKeys ApiKeys { get; }

    /// <summary>Named models behind API keys.</summary>
    public Agents Agents { get; }

    /// <summary>Questions to a model, each paced by its key's limit.</summary>
    public Queries Queries { get; }

    /// <summary>The places that serve models.</summary>
    public Hubs Hubs { get; }

    /// <summary>What callers present to Keypace.</summary>
    public AccessTokens AccessTokens { get; }

    /// <summary>Sums of what was asked.</summary>
    public Usage Usage { get; }

    /// <summary>Who changed what.</summary>
    public Audit Audit { get; }

    /// <summary>Keys that one account's limit holds together, and what each limit is doing now.</summary>
    public RateGroups RateGroups { get; }

    /// <summary>Who the token belongs to.</summary>
    public People People { get; }

    /// <summary>The server's settings and where each came from.</summary>
    public Settings Settings { get; }

    /// <summary>Whether the server is alive and ready. Needs no token.</summary>
    public Health Health { get; }

    /// <summary>Closes the connections that this client opened itself.</summary>
    public void Dispose() => _owned?.Dispose();

    private static HttpClient Connect(Uri baseAddress) =>
        new(Handler(ServerAddress.Parse(baseAddress))) { Timeout = Timeout.InfiniteTimeSpan };   // each call has its own patience

    /// <summary>The connections of one client: no cookies, no redirects, and a proxy of the environment only where it sees nothing: behind TLS, to another machine.</summary>
    internal static SocketsHttpHandler Handler(Uri server) => new()
    {
        AllowAutoRedirect = false,   // a redirect would carry secrets to an address that nobody named
        UseCookies = false,
        UseProxy = server.Scheme == Uri.UriSchemeHttps && !server.IsLoopback,   // over plain http a proxy would read the token
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),   // so that a changed DNS record is followed
    };
}
