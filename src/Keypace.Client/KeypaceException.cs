using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>A call that was refused or did not get through. <see cref="Exception.Message"/> is for people and holds no secret.</summary>
/// <remarks>Branch on <see cref="Code"/>, never on the sentence.</remarks>
public sealed class KeypaceException : Exception
{
    /// <summary>No answer came: nothing listens there, or the connection broke.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>No answer came in time.</summary>
    public const string TimedOut = "timed_out";

    /// <summary>An answer came that no Keypace server gives (an HTML page, an empty body).</summary>
    public const string UnreadableAnswer = "unreadable_answer";

    internal KeypaceException(int? status, string code, string detail, Exception? cause = null)
        : base(detail, cause)
    {
        Status = status;
        Code = code;
    }

    /// <summary>The answer's HTTP status; null when no answer came.</summary>
    public int? Status { get; }

    /// <summary>A stable word such as <c>name_taken</c>; one of the constants here, or <c>http_NNN</c>, when the server said none.</summary>
    public string Code { get; }

    /// <summary>What went wrong and what to do about it.</summary>
    public string Detail => Message;

    /// <summary>The server's id of the request, to find it in its log; null when none came.</summary>
    public string? RequestId { get; internal init; }

    /// <summary>Field by field what cannot be accepted; empty unless the status is 422.</summary>
    public IReadOnlyList<FieldProblem> Fields { get; internal init; } = [];

    /// <summary>False when the server says that the same call cannot succeed later either (<c>x-should-retry</c>); null when it says nothing.</summary>
    public bool? ShouldRetry { get; internal init; }

    /// <summary>Wait so long before the same call can succeed; null when the server named no time.</summary>
    public TimeSpan? RetryAfter { get; internal init; }
}
