using System.Diagnostics.CodeAnalysis;

namespace Keypace.Domain;

/// <summary>A value, or the reason why there is none. Expected refusals are values; bugs and broken infrastructure throw.</summary>
public readonly struct Outcome<T>
    where T : notnull
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Outcome(T? value, Refusal? refusal)
    {
        _value = value;
        _refusal = refusal;
    }

    /// <summary>True with the value, false with the refusal.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Refusal? refusal)
    {
        value = _value;
        refusal = _refusal;
        return _refusal is null;
    }

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);
}

/// <summary>Why something was not done, and what the person who asked can do about it.</summary>
/// <param name="Reason">Decides the status; public API.</param>
/// <param name="Code">A stable word to branch on, such as <c>name_taken</c>; has a page in docs/problems.</param>
/// <param name="Detail">One or two sentences that say what to do next. Never a secret.</param>
/// <param name="RetryAfter">Wait before the same call can succeed; null when waiting does not help.</param>
/// <param name="Fields">For <see cref="RefusalReason.Invalid"/>: what is wrong, field by field.</param>
public sealed record Refusal(
    RefusalReason Reason,
    string Code,
    string Detail,
    TimeSpan? RetryAfter = null,
    IReadOnlyList<FieldRefusal>? Fields = null)
{
    /// <summary>The caller has waited as long as it would: no SDK is told to wait again inside the same call.</summary>
    public bool HasWaited { get; init; }

    /// <summary>What it tells of the key that the query went with.</summary>
    public KeyFault Fault { get; init; }

    /// <summary>The code of a field that has none of its own.</summary>
    public const string InvalidField = "invalid";

    /// <summary>A refusal of one field of a request body.</summary>
    public static Refusal Field(string field, string message, string type = "value_error", string code = InvalidField) =>
        new(RefusalReason.Invalid, code, message, Fields: [new FieldRefusal(["body", field], message, type)]);

    /// <summary>A refusal for an id or name that nothing has (or that the caller may not know of).</summary>
    public static Refusal NotFound(string what, string idOrName) =>
        new(RefusalReason.NotFound, "not_found", $"There is no {what} {Keys.TypedName.Said(idOrName)}. List them to see what there is.");
}

/// <summary>What a refusal tells of a stored key.</summary>
public enum KeyFault
{
    None,

    /// <summary>The hub takes its secret no more.</summary>
    SecretRefused,

    /// <summary>The hub takes its secret, and nothing is left to spend.</summary>
    NothingLeft,
}

/// <param name="Path">Where in the request: <c>["body", "hub_config", "region"]</c>.</param>
public sealed record FieldRefusal(IReadOnlyList<string> Path, string Message, string Type);

/// <summary>Everything Keypace can refuse for. The server maps each to one HTTP status.</summary>
public enum RefusalReason
{
    /// <summary>400: the request cannot be read.</summary>
    Malformed,

    /// <summary>401: no valid access token.</summary>
    Unauthenticated,

    /// <summary>403: the token's role, scope or binding forbids it.</summary>
    Forbidden,

    /// <summary>404: no such thing, or not for this caller to know of.</summary>
    NotFound,

    /// <summary>405: the path is there, and takes another method.</summary>
    WrongMethod,

    /// <summary>408: its body came too slowly.</summary>
    TooSlow,

    /// <summary>409: the state of things forbids it; the detail names what is in the way.</summary>
    Conflict,

    /// <summary>412: somebody else changed it since it was read.</summary>
    Stale,

    /// <summary>413: larger than the setting allows.</summary>
    TooLarge,

    /// <summary>415: compressed in a way that is not known here.</summary>
    UnknownCoding,

    /// <summary>415: the body says that it is something else than the route reads.</summary>
    WrongContentType,

    /// <summary>422: readable, but a field cannot be accepted.</summary>
    Invalid,

    /// <summary>429: the turn cannot come in time, or the queue is full.</summary>
    Limited,

    /// <summary>501: known, but not built yet.</summary>
    NotServed,

    /// <summary>502: the hub refused the key, could not be reached or broke off.</summary>
    HubFailed,

    /// <summary>503: shutting down or not ready.</summary>
    Unavailable,

    /// <summary>504: the hub did not answer in time.</summary>
    HubTimedOut,
}
