using System.Globalization;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;

namespace Keypace.Server.Platform.Settings;

/// <summary>One setting, declared here and nowhere else.</summary>
/// <param name="Name">Levels by colons: <c>Gateway:MaxBodyBytes</c>, in the environment <c>KEYPACE_GATEWAY__MAX_BODY_BYTES</c>.</param>
/// <param name="Default">Null where nothing is the default.</param>
/// <param name="Description">What it does, its unit and its bounds.</param>
/// <param name="Check">What is wrong with a value, as the end of the sentence "NAME …"; null when it is fine.</param>
/// <param name="IsHidden">True where the value is not to be printed.</param>
internal sealed record SettingDeclaration(
    string Name, string? Default, string Description, Func<string, string?> Check, bool IsHidden = false)
{
    /// <summary>The environment's way to write it.</summary>
    public string Variable => "KEYPACE_" + string.Concat(Name.Select(Spelled)).TrimStart('_').Replace(":_", "__", StringComparison.Ordinal);

    private static string Spelled(char letter) =>
        letter == ':' ? ":" : char.IsAsciiLetterUpper(letter) ? "_" + letter : char.ToUpperInvariant(letter).ToString();
}

/// <summary>Every setting there is.</summary>
internal static class SettingsTable
{
    private static readonly string[] _levels = ["Trace", "Debug", "Information", "Warning", "Error", "None"];

    public static readonly IReadOnlyList<SettingDeclaration> All =
    [
        new("Urls", "http://localhost:5397", "Where it listens, comma-separated: http://127.0.0.1:5397, http://[::1]:5397, http://0.0.0.0:5397; port 0 takes a free one.", WhatIsWrongWithUrls),
        new("PublicUrl", null, "How people reach it, where that differs from where it listens: for links, and accepted as the Host.", WhatIsWrongWithPublicUrl),
        new("Proxies", null, "Addresses of the proxies in front, whose X-Forwarded-For is believed: IPv4, [IPv6] or CIDR, comma-separated.", WhatIsWrongWithProxies),
        new("Cors:Origins", null, "Origins whose pages may send queries and read the answers, comma-separated: https://app.example.org, http://localhost:3000; none is the default, and never with cookies.", WhatIsWrongWithOrigins),
        new("Egress:Allow", null, "Private or loopback addresses that queries may go to: IPv4, [IPv6] or CIDR, each with an optional port.", WhatIsWrongWithEgress),
        new("Pacing:GuardMs", "50", "Milliseconds added to every interval, so that the hub's clock agrees; more where the way to a hub is measured to be uneven, unless it is 0; 0 to 5000.", Whole(0, 5_000)),
        new("Pacing:QueueLimit", "20000", "Most queries that wait in one rate group; 1 to 1000000.", Whole(1, 1_000_000)),
        new("Pacing:CallerQueueLimit", "12000", "Most queries of one caller that wait in one rate group; 1 to 1000000.", Whole(1, 1_000_000)),
        new("Pacing:MaxWaitSeconds", "240", "Longest wait for a turn; callers may ask for less; 1 to 86400.", Number(1, 86_400)),
        new("Gateway:MaxBodyBytes", "33554432", "Largest request body; 1024 to 1073741824.", Whole(1024, 1L << 30)),
        new("Gateway:WaitingBodiesBytes", "536870912", "Bodies of all requests on their way together; 1048576 to 68719476736.", Whole(1 << 20, 1L << 36)),
        new("Gateway:TokenBodiesPercent", "25", "What one access token may have of Gateway:WaitingBodiesBytes, in percent; 1 to 100. More than that share is not taken from it even where nobody else sends.", Whole(1, 100)),
        new("Gateway:ConnectSeconds", "10", "Longest time to open and secure a connection to a hub; 1 to 120.", Number(1, 120)),
        new("Gateway:FirstByteSeconds", "600", "Longest wait for the first byte of a hub's answer; 1 to 3600.", Number(1, 3600)),
        new("Gateway:IdleSeconds", "120", "Longest silence between two pieces of an answer; 1 to 3600.", Number(1, 3600)),
        new("Gateway:CallerIdleSeconds", "120", "Longest time in which a caller takes nothing of an answer that is there for it; 1 to 3600.", Number(1, 3600)),
        new("Gateway:Connections", "20000", "Most connections that callers may hold open; 10 to 1000000.", Whole(10, 1_000_000)),
        new("Gateway:MaxHeaderBytes", "32768", "All headers of one request together; 1024 to 1048576.", Whole(1024, 1 << 20)),
        new("Web:Enabled", "true", "Whether the web interface is served; true or false.", value => bool.TryParse(value, out _) ? null : "is true or false"),
        new("Log:Level", "Information", $"Least level that is logged: {string.Join(", ", _levels)}.", WhatIsWrongWithLevel),
        new("SetupTokenFile", null, "A file with a token of 32 characters or more that may set this up from another machine, once, within an hour of the start.", AnyText, IsHidden: true),
        new("KekFile", null, "The file of the key-encryption key.", AnyText, IsHidden: true),
        new("Kek", null, "The key-encryption key itself; only as a variable.", AnyText, IsHidden: true),
    ];

    /// <summary>Variables with our prefix that are no settings of the server: the command line's own, as a client.</summary>
    public static readonly IReadOnlyList<string> ClientVariables = ["KEYPACE_BASE_URL", "KEYPACE_TOKEN", "KEYPACE_TOKEN_FILE"];

    /// <summary>By its name, however it is written: case, and single underscores between words, do not count.</summary>
    public static SettingDeclaration? Find(string name)
    {
        var plain = Plain(name);
        return All.FirstOrDefault(setting => string.Equals(Plain(setting.Name), plain, StringComparison.OrdinalIgnoreCase));
    }

    private static string Plain(string name) =>
        name.Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);

    private static Func<string, string?> Whole(long least, long most) => value =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? null
            : $"is a whole number from {least} to {most}";

    private static Func<string, string?> Number(double least, double most) => value =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        && number >= least && number <= most
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"is a number from {least} to {most}");

    private static string? AnyText(string value) => value.Contains('\0', StringComparison.Ordinal) ? "holds a character that no file name has" : null;

    private static string? WhatIsWrongWithLevel(string value) =>
        _levels.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"is one of {string.Join(", ", _levels)}";

    private static string? WhatIsWrongWithEgress(string value) =>
        EgressPolicy.Parse(value).TryGet(out _, out var refusal) ? null : $"is a list of addresses: {refusal.Detail}";

    private static string? WhatIsWrongWithOrigins(string value) =>
        OriginList.Parse(value).TryGet(out _, out var refusal) ? null : $"is a list of origins: {refusal.Detail}";

    private static string? WhatIsWrongWithProxies(string value) =>
        TrustedProxies.Parse(value).TryGet(out _, out var refusal) ? null : $"is a list of addresses: {refusal.Detail}";

    private static string? WhatIsWrongWithPublicUrl(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0 && url.Query.Length == 0
            ? null
            : "is an address such as https://keypace.example.org";

    private static string? WhatIsWrongWithUrls(string value) =>
        ListenAddress.ParseAll(value.Split(',')).TryGet(out _, out var refusal) ? null : refusal.Detail;
}
