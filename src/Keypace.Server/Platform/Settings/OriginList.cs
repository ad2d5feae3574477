using Keypace.Domain;
using Keypace.Domain.Keys;

namespace Keypace.Server.Platform.Settings;

/// <summary>Origins as browsers write them: scheme, host and a port where it is not the scheme's own.</summary>
internal sealed class OriginList
{
    private readonly HashSet<string> _origins = new(StringComparer.Ordinal);

    public static Outcome<OriginList> Parse(string? text)
    {
        var list = new OriginList();
        foreach (var each in (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(each, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0 || uri.PathAndQuery != "/"
                || uri.Fragment.Length > 0 || uri.Host.Contains('*', StringComparison.Ordinal))
            {
                return new Refusal(RefusalReason.Invalid, "bad_setting", $"{TypedName.Said(each)} is no origin. Write it as browsers do: https://app.example.org, or http://localhost:3000.");
            }

            var host = uri.HostNameType is UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
            list._origins.Add($"{uri.Scheme}://{host}{(uri.IsDefaultPort ? "" : $":{uri.Port}")}");
        }

        return list;
    }

    public bool Has(string? origin) => origin is not null && _origins.Contains(origin);
}
