using Keypace.Contracts;

namespace Keypace.Server.Web.Samples;

/// <summary>Whether a page may ask a key's hub for its models by being opened.</summary>
internal static class ModelListing
{
    /// <summary>The question takes a permit that nobody asked for: a tenth of what the key has, and no more.</summary>
    private const int LeastLimit = 10;

    public static bool MayAsk(ApiKey key) =>
        key is { Status: KeyStatuses.Active, RateLimitPerInterval: >= LeastLimit } && (key.Limits ?? []).All(limit => limit.Dimension is not "requests" || limit.Limit >= LeastLimit);
}
