using System.CommandLine;
using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain.Keys;

namespace Keypace.Cli;

/// <summary>How a key paces, on a command line: <c>--pacing smooth --guard-ms 20 --also tokens=90000/60</c>.</summary>
internal sealed class PacingText
{
    public const string Example = "keypace api-keys modify groq-main --also tokens=6000/60 --also requests=1000/day@UTC --also concurrent=8";

    private readonly Option<string?> _pacing = Grammar.Text(
        "--pacing", "auto (as the hub's refusals teach), burst (all at once) or smooth (evenly)", "HOW").FromAmong("auto", "burst", "smooth");

    private readonly Option<string?> _guard = Grammar.Text(
        "--guard-ms", "Milliseconds added to each interval, 0 to 5000; auto for the server's own measure", "MS");

    private readonly Option<string[]> _also = Grammar.Several(
        "--also",
        "A limit beside the rate limit: tokens=90000/60, input_tokens=…, output_tokens=…, requests=1000/day@America/Los_Angeles, requests=50000/86400, concurrent=8, each with :MODEL for one model; may be repeated, replaces all of them",
        "LIMIT");

    private readonly Option<bool> _none = new("--no-other-limits") { Description = "Take all limits away but the rate limit" };

    private readonly Option<bool?> _freeze = new("--freeze-limit")
    {
        Description = "Whatever the hub's answers say, the limit stays as it is (false: it follows them again)", HelpName = "true|false",
    };

    private readonly Option<string?> _group = Grammar.Text(
        "--rate-group", "Share one limit with the keys of this group (an id out of the rate groups); own for its own group again", "ID");

    private readonly Option<bool> _default = new("--default-limit") { Description = "Back to the hub's default limit" };

    public IEnumerable<Option> Options => [_pacing, _guard, _also, _freeze];

    /// <summary>Those that only make sense for a key that is there.</summary>
    public IEnumerable<Option> OptionsOfChange => [.. Options, _none, _default, _group];

    public NewApiKey Into(NewApiKey key, ParseResult parsed)
    {
        var guard = Guard(parsed);
        return key with
        {
            Pacing = parsed.GetValue(_pacing), GuardMs = guard < 0 ? null : guard, Limits = Limits(parsed), LimitFrozen = parsed.GetValue(_freeze),
        };
    }

    public ApiKeyChange Into(ApiKeyChange change, ParseResult parsed) => change with
    {
        Pacing = parsed.GetValue(_pacing),
        GuardMs = Guard(parsed),
        Limits = parsed.GetValue(_none) ? [] : Limits(parsed),
        LimitFrozen = parsed.GetValue(_freeze),
        RateLimitSource = parsed.GetValue(_default) ? LimitSources.Default : null,
        RateGroupId = parsed.GetValue(_group),
    };

    /// <summary>A limit as it is written here and shown by <c>show</c>.</summary>
    public static string Said(ApiKeyLimit limit)
    {
        var interval = limit.CalendarZone is { } zone ? $"/day@{zone}" : limit.IntervalSeconds is { } seconds ? $"/{seconds}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{limit.Dimension}={limit.Limit}{interval}{(limit.Model is null ? "" : ":" + limit.Model)}");
    }

    /// <summary><c>DIMENSION=COUNT[/SECONDS|/day@ZONE][:MODEL]</c>.</summary>
    internal static ApiKeyLimit Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        var model = colon < 0 ? null : text[(colon + 1)..];
        var amount = equals < 0 ? "" : colon < 0 ? text[(equals + 1)..] : text[(equals + 1)..colon];
        var slash = amount.IndexOf('/', StringComparison.Ordinal);
        var (count, interval) = slash < 0 ? (amount, null) : (amount[..slash], amount[(slash + 1)..]);
        var zone = interval is null ? null : interval == "day" ? "UTC" : interval.StartsWith("day@", StringComparison.Ordinal) ? interval["day@".Length..] : null;
        var seconds = 0;
        return long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && (interval is null || zone is not null || int.TryParse(interval.TrimEnd('s'), NumberStyles.None, CultureInfo.InvariantCulture, out seconds))
                ? new ApiKeyLimit(text[..equals], limit, interval is null || zone is not null ? null : seconds, zone, model)
                : throw CommandFailure.Usage($"--also takes a limit such as tokens=90000/60, requests=1000/day@UTC or concurrent=8{(TypedName.MayBeSaid(text) ? $", not '{text}'" : "")}.");
    }

    private List<ApiKeyLimit>? Limits(ParseResult parsed) => parsed.GetValue(_also) is { Length: > 0 } given ? [.. given.Select(Parse)] : null;

    private int? Guard(ParseResult parsed) => parsed.GetValue(_guard) switch
    {
        null => null,
        "auto" => -1,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var guard) => guard,
        _ => throw CommandFailure.Usage("--guard-ms takes milliseconds from 0 to 5000, or auto."),
    };
}
