using System.Globalization;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Management.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Management.Requests;

/// <summary>One management call whose caller is known and may make it. What endpoints need of HTTP, and nothing more.</summary>
internal sealed class ManagementCall(HttpContext context, Caller caller)
{
    // "/v1/api-keys/NAME/status" is cut into "", "v1", "api-keys", "NAME", "status".
    private const int IdSegment = 3;

    public Caller Caller => caller;

    public CancellationToken Ct => context.RequestAborted;

    /// <summary>How people reach this server, for links: the setting <c>PublicUrl</c>, else the address that this request used.</summary>
    public string Address => Of<Platform.Settings.Settings>().Text("PublicUrl")?.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}";

    /// <summary>
    /// The id or name in the path, decoded once. It is taken from the target as it was sent: routing leaves <c>%2F</c> as it is and
    /// decodes the rest, after which a name with a percent sign could no longer be told from one with a slash.
    /// </summary>
    public string Id
    {
        get
        {
            var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
            var path = target.AsSpan(0, target.AsSpan().IndexOf('?') is >= 0 and var end ? end : target.Length);
            if (path is not ['/', ..])
                return context.GetRouteValue("id") as string ?? "";
            var index = 0;
            foreach (var segment in path.Split('/'))
            {
                if (index++ == IdSegment)
                    return Uri.UnescapeDataString(path[segment]);
            }

            return "";
        }
    }

    public T Of<T>()
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    public ValueTask<Outcome<BodyFields>> BodyAsync() =>
        BodyReader.ReadAsync(context.Request, Of<WaitingBodies>().For(caller.Token.Id), Of<TimeProvider>(), Ct);

    /// <summary>A query parameter; null when it is absent. Several of one name are joined by commas.</summary>
    public string? Query(string name) => context.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>A query parameter that lists several words, by commas or by being there several times. Null when it is absent or empty.</summary>
    public IReadOnlySet<string>? QueryWords(string name)
    {
        var words = (Query(name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 ? null : words.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The version that <c>If-Match</c> asks for (<c>3</c>, <c>"3"</c> or <c>W/"3"</c>); null when it is absent or <c>*</c>.</summary>
    public Outcome<ExpectedVersion> IfMatch()
    {
        var text = context.Request.Headers.IfMatch.ToString().Trim();
        if (text is "" or "*")
            return default(ExpectedVersion);
        var digits = (text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text).Trim('"');
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new ExpectedVersion(version)
            : new Refusal(RefusalReason.Malformed, "bad_header", "If-Match takes the 'version' that the thing had when you read it, such as \"3\".");
    }
}

/// <param name="Number">Null when the caller does not care.</param>
internal readonly record struct ExpectedVersion(int? Number);
