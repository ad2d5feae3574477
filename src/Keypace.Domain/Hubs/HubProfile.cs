using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>Everything that Keypace knows about one hub, read from its file. Adding a hub that speaks OpenAI's language takes a file and no code.</summary>
public sealed record HubProfile
{
    /// <summary>The name on the wire, exact and case-sensitive: <c>openai</c>, <c>bedrockAgents</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>True when queries can be sent; false when keys of the hub can only be stored so far.</summary>
    public required bool Served { get; init; }

    /// <summary>What goes into hub_config.</summary>
    public required IReadOnlyList<HubField> Fields { get; init; }

    /// <summary>How the hub is reached unless one of <see cref="Variants"/> applies.</summary>
    public required HubAccess Access { get; init; }

    /// <summary>Other ways in; the first whose condition holds is taken (DigitalOcean's agents beside its serverless inference).</summary>
    public required IReadOnlyList<HubAccess> Variants { get; init; }

    /// <summary>Some well-known model ids, shown until a key's own list was asked for; may be empty.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>The limit of keys that were stored without one.</summary>
    public required DefaultLimit DefaultLimit { get; init; }

    public required PacingHint Pacing { get; init; }

    /// <summary>The headers in which the hub reports its limits.</summary>
    public required IReadOnlyList<LimitHeader> LimitHeaders
    {
        get;
        init
        {
            field = value;
            AreLimitHeadersUsual = value.All(header => IsUsual(header.Limit) && IsUsual(header.Remaining) && IsUsual(header.Reset));

            static bool IsUsual(string? name) => name is null || name.Contains("ratelimit", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Each of <see cref="LimitHeaders"/> has <c>ratelimit</c> in its name: an answer without such a name says nothing of limits.</summary>
    public bool AreLimitHeadersUsual { get; private init; }

    /// <summary>Headers of a caller that pass to this hub beside those that pass to every hub.</summary>
    public HeaderList PassesToHub { get; init; } = HeaderList.Empty;

    /// <summary>Headers of this hub's answers that pass to the caller beside those that pass from every hub.</summary>
    public HeaderList PassesToCaller { get; init; } = HeaderList.Empty;

    /// <summary>Codes and types in the body of a refusal that waiting does not cure (spend limit, no quota).</summary>
    public required IReadOnlyList<string> TerminalCodes { get; init; }

    /// <summary>The page where people get a key; null when there is none.</summary>
    public required string? KeyPage { get; init; }

    /// <summary>What a link to <see cref="KeyPage"/> says; null where the hub's name is enough.</summary>
    public string? KeyPageText { get; init; }

    /// <summary>True when a stream holds token counts only if the query asks with <c>stream_options.include_usage</c>.</summary>
    public required bool NeedsUsageOption { get; init; }

    /// <summary>The member of a chat that bounds the answer's tokens, where Keypace writes the query itself.</summary>
    public string MostTokensMember { get; init; } = "max_tokens";

    /// <summary>Headers of answers that name the account which a key belongs to; lower case.</summary>
    public IReadOnlyList<string> AccountHeaders { get; init; } = [];

    public required ModelListShape ModelList { get; init; }

    /// <summary>The file it was read from, for messages.</summary>
    public required string FileName { get; init; }

    /// <summary>The hub's own base address as the file has it, for people; null when each key brings its own.</summary>
    public string? BaseUrl => Access.BaseUrl?.Text;

    /// <summary>True when a key must bring <c>url</c>.</summary>
    public bool UrlRequired => Access.BaseUrl is null;

    /// <summary>How the hub's ordinary way attaches the secret.</summary>
    public HubAuth Auth => Access.Auth;

    /// <summary>Fixed headers of the hub's ordinary way, for queries that do not bring their own.</summary>
    public IReadOnlyDictionary<string, string> ExtraHeaders => Access.Auth.ExtraHeaders;

    /// <param name="source">Only the program's own files may list addresses that a hub moved from: with them a secret opens for a new place.</param>
    /// <returns>The profile, or a refusal <c>bad_hub_file</c> that names file and line and says what to write instead.</returns>
    public static Outcome<HubProfile> Parse(ReadOnlyMemory<byte> json, string fileName, HubFileSource source = HubFileSource.Embedded) =>
        new HubFileParser(fileName, source).Parse(json.Span);

    /// <summary>How a key with this hub_config reaches the hub. Masks (<c>display_…</c>) count as given.</summary>
    public HubAccess AccessFor(IReadOnlyDictionary<string, string>? config)
    {
        foreach (var variant in Variants)
        {
            if (variant.When is not { } condition || condition.Holds(config))
                return variant.For(config);
        }

        return Access.For(config);
    }

    /// <summary>The ways in that a person chooses from, the ordinary one first.</summary>
    public IEnumerable<HubAccess> Ways => Variants.Where(variant => variant.Label is not null).Prepend(Access);

    /// <summary>The fields that a form shows for a way, in the hub's order. A hub with one way shows all it has.</summary>
    public IEnumerable<HubField> FieldsOf(HubAccess way) =>
        way.When is null && Variants.All(variant => variant.Label is null)
            ? Fields
            : Fields.Where(field => field.Required || way.Needs.Contains(field.Name) || way.Offers.Contains(field.Name) || way.SecretFields.Contains(field.Name));

    /// <summary>True when this way cannot do without the field.</summary>
    public static bool IsNeeded(HubAccess way, HubField field) =>
        field.Required || way.Needs.Contains(field.Name) || (way.SecretRequired && way.SecretFields is [var only] && only == field.Name);

    /// <summary>Where a key's secret may travel: under its <paramref name="url"/> if it has one, else under the hub's address with the key's fields filled in.</summary>
    /// <param name="config">The public fields of hub_config (masks may stand among them).</param>
    public Outcome<Destination> DestinationOf(string? url, IReadOnlyDictionary<string, string>? config)
    {
        var access = AccessFor(config);
        if (!string.IsNullOrWhiteSpace(url))
        {
            if (!Destination.Parse(url.Trim()).TryGet(out var given, out var refusal))
                return refusal;
            return given.Prefix == "/" && access.DefaultPrefix is { } prefix ? given.WithPrefix(prefix) : given;
        }

        if (access.BaseUrl is null)
            return Refusal.Field("url", $"{DisplayName} has no address of its own. Give the key's url, the base address that its queries go to.", "missing");
        return access.BaseUrl.Fill(config, Fields);
    }

    /// <summary>
    /// True when a secret stored for <paramref name="stored"/> may be used for <paramref name="current"/>: the same place, or one that the
    /// hub moved from. The envelope is then opened with the stored destination and the query goes to the current one.
    /// </summary>
    public bool StillOpens(Destination stored, Destination current, IReadOnlyDictionary<string, string>? config)
    {
        ArgumentNullException.ThrowIfNull(stored);
        if (stored.Equals(current))
            return true;
        var access = AccessFor(config);

        // Only the hub's own address moves; what a person gave as url stays what it is.
        if (access.BaseUrl is null || !access.BaseUrl.Fill(config, Fields).TryGet(out var own, out _) || !own.Equals(current))
            return false;
        foreach (var former in access.MovedFrom)
        {
            if (former.Fill(config, Fields).TryGet(out var place, out _) && place.Equals(stored))
                return true;
        }

        return false;
    }
}

/// <summary>Where a hub file came from.</summary>
public enum HubFileSource
{
    /// <summary>Part of the program.</summary>
    Embedded,

    /// <summary>From the data folder.</summary>
    Folder,
}

/// <summary>One field of hub_config.</summary>
/// <param name="Name">As it is on the wire: <c>region</c>.</param>
/// <param name="Label">For people.</param>
/// <param name="Required">True when no key of the hub works without it.</param>
/// <param name="Secret">True for what is sealed.</param>
/// <param name="Masked">True for a secret that is shown as <c>display_</c> and its name; false for one that is not shown at all.</param>
/// <param name="Hint">An example or what to look for, in a few words; null for none.</param>
public sealed record HubField(string Name, string Label, bool Required, bool Secret, bool Masked, FieldForm Form = FieldForm.Text, string? Hint = null);

/// <summary>Whether a hub takes its whole allowance at once.</summary>
public enum PacingHint
{
    /// <summary>Unknown: start with bursts and learn.</summary>
    Auto,

    /// <summary>Up to N at once.</summary>
    Burst,

    /// <summary>Evenly: the hub enforces in slices shorter than its interval.</summary>
    Smooth,
}

/// <summary>How a hub answers the question for its models.</summary>
public enum ModelListShape
{
    /// <summary>No list.</summary>
    None,

    /// <summary><c>{"data":[{"id":…}]}</c></summary>
    Data,

    /// <summary><c>[{"id":…}]</c></summary>
    Array,
}

/// <summary>The limit that is assumed until somebody says otherwise: the provider's lowest tier, with where and when it was read.</summary>
/// <param name="AsOf">ISO date, month or year, whatever the source gives.</param>
/// <param name="Confidence">In a few words, beginning with high, medium, low or policy.</param>
/// <param name="Why">Why this number, when it is not simply the published one; null otherwise.</param>
public sealed record DefaultLimit(RateLimit Limit, string Tier, string Source, string AsOf, string Confidence, string? Why)
{
    /// <summary>The confidence in the number itself, in a word or three: <c>high</c>, <c>medium to low</c>.</summary>
    public string Grade => Confidence.Split([",", ";", ":", " for ", " that "], 2, StringSplitOptions.TrimEntries)[0];

    /// <summary>True when the number may well be wrong.</summary>
    public bool IsUnsure => Grade.Contains("low", StringComparison.Ordinal);
}

/// <summary>One set of limit headers. Lower-case names; null where the hub has none.</summary>
/// <param name="IntervalSeconds">The interval that the limit counts in, in seconds.</param>
public sealed record LimitHeader(LimitDimension Dimension, int IntervalSeconds, string? Limit, string? Remaining, string? Reset);

/// <summary>What a hub's limit counts.</summary>
public enum LimitDimension
{
    Requests,
    Tokens,
    InputTokens,
    OutputTokens,
}
