using System.Globalization;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Learning;

/// <summary>A limit in one word, as headers, statuses and the command line write it: <c>rate_limit</c>, <c>tokens=90000/60</c>, <c>requests=1000/day@UTC:MODEL</c>.</summary>
internal static class LimitText
{
    public static string? Of(BindingKind kind, Quota? quota) => kind switch
    {
        BindingKind.None => null,
        BindingKind.Pause => "pause",
        BindingKind.RateLimit => "rate_limit",
        BindingKind.Slice => "slice",
        BindingKind.Journal => "restart",
        _ => quota is null ? null : Of(quota),
    };

    public static string Of(Quota quota)
    {
        var interval = quota.Zone is { } zone ? $"/day@{zone.Id}" : quota.Dimension is QuotaDimension.Concurrent ? "" : $"/{quota.Seconds}";
        return string.Create(CultureInfo.InvariantCulture, $"{Word(quota)}={quota.Limit}{interval}{(quota.Model is null ? "" : ":" + quota.Model)}");
    }

    public static string Word(Quota quota) => quota.Dimension switch
    {
        QuotaDimension.Tokens => KeyLimitKind.Tokens.Word(),
        QuotaDimension.InputTokens => KeyLimitKind.InputTokens.Word(),
        QuotaDimension.OutputTokens => KeyLimitKind.OutputTokens.Word(),
        QuotaDimension.Concurrent => KeyLimitKind.Concurrent.Word(),
        _ => KeyLimitKind.Requests.Word(),
    };

    /// <summary>For a header: a model's name may hold what no header may.</summary>
    public static string Header(string text) => text.All(letter => letter is > ' ' and <= '~') ? text : Uri.EscapeDataString(text);
}
