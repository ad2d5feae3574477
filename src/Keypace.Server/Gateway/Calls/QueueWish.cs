using System.Globalization;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Calls;

/// <summary>How a caller wants to be queued, from its headers.</summary>
/// <param name="Name">Names the caller within its token; empty when it gave no name.</param>
/// <param name="Patience">Longest wait for a turn.</param>
/// <param name="Class">Never better than its token allows.</param>
internal readonly record struct QueueWish(string Name, TimeSpan Patience, QueryClass Class = QueryClass.Interactive)
{
    public const string CallerHeader = "x-keypace-caller";
    public const string MaxWaitHeader = "x-keypace-max-wait";
    public const string DeadlineHeader = "x-keypace-deadline";
    public const string PriorityHeader = "x-keypace-priority";
    /// <summary>Who sends what Keypace asks hubs for itself: lists of models, tests of keys.</summary>
    public const string OurOwn = "keypace";

    private const int LongestName = 128;

    /// <summary>The end of the year 9999; what is larger is milliseconds, or nonsense.</summary>
    private const double MostUnixSeconds = 253_402_300_799;

    public static Outcome<QueueWish> Of(IHeaderDictionary headers, ServedToken token, TimeSpan longestWait, DateTimeOffset now)
    {
        var name = headers[CallerHeader].ToString();
        if (name.Length > 0)
        {
            name = Uri.UnescapeDataString(name);
            if (name.Length > LongestName || name.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0)
                return Bad($"The header {CallerHeader} names the caller in at most {LongestName} characters without control characters, percent-encoded where they are not ASCII.");
        }

        var patience = longestWait;
        if (headers.TryGetValue(MaxWaitHeader, out var wait))
        {
            if (!TryNumber(wait.ToString(), out var seconds))
                return Bad($"The header {MaxWaitHeader} takes seconds as a number that is not negative, such as 30 or 2.5; 0 means now or not at all.");
            patience = TimeSpan.FromSeconds(Math.Min(seconds, longestWait.TotalSeconds));
        }

        if (headers.TryGetValue(DeadlineHeader, out var deadline))
        {
            if (Moment(deadline.ToString()) is not { } moment)
                return Bad($"The header {DeadlineHeader} takes Unix seconds or a time such as 2026-12-24T18:00:00Z.");
            if (moment <= now)
            {
                return new Refusal(RefusalReason.Limited, "no_turn_in_time",
                    $"The deadline in the header {DeadlineHeader} had passed when the query came. Nothing was sent; with this deadline it never will be.");
            }

            patience = moment - now < patience ? moment - now : patience;
        }

        if (!headers.TryGetValue(PriorityHeader, out var priority))
            return new QueueWish(name, patience, token.BestClass);
        if (!PacingWords.TryParseClass(priority.ToString(), out var wanted))
            return Bad($"The header {PriorityHeader} is interactive, batch or background.");
        if (wanted < token.BestClass)
        {
            return new Refusal(RefusalReason.Forbidden, "priority_not_allowed",
                $"This access token may ask for {token.BestClass.Word()} at best, not for {wanted.Word()}. Leave the header {PriorityHeader} out, or have an administrator raise the token's priority.");
        }

        return new QueueWish(name, patience, wanted);
    }

    /// <summary>Digits and a point: no sign, no exponent, no word such as NaN.</summary>
    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static DateTimeOffset? Moment(string text)
    {
        if (TryNumber(text, out var seconds))
            return seconds <= MostUnixSeconds ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null;
        return text.Length is >= 20 and <= 40 && text[4] == '-' && text[10] is 'T' or 't'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
                ? moment
                : null;
    }

    private static Refusal Bad(string detail) => new(RefusalReason.Malformed, "bad_header", detail);
}
