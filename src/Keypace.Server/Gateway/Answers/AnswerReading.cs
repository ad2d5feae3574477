using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;

namespace Keypace.Server.Gateway.Answers;

/// <summary>Answers that are read here before anything of them goes on: refusals, and what is translated or looked through.</summary>
internal static class AnswerReading
{
    /// <summary>An error's body is never longer than this for our purposes.</summary>
    private const int MostSmallBytes = 64 * 1024;

    /// <summary>Reads the body of an answer that is small. One that breaks off leaves what its status says, and no words.</summary>
    /// <exception cref="OperationCanceledException">The hub fell silent, or the caller left.</exception>
    public static async ValueTask ReadSmallAsync(this HubAnswer answer, HubClock clock)
    {
        if (answer.Small is not null)
            return;
        clock.ExpectPiece();
        byte[] small;
        try
        {
            small = await AnswerCopy.ReadSmallAsync(answer.Response, MostSmallBytes, clock.Token);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            (small, answer.Broken) = ([], failure);
        }

        answer.Small = answer.Scrub is { } scrub ? [.. scrub.PassWhole(small).Span, .. scrub.Rest().Span] : small;
    }

    /// <summary>The whole body, the key's secret starred out, for answers that are translated. It ends at the bound, in bytes.</summary>
    /// <exception cref="IOException">The hub broke off.</exception>
    public static async ValueTask<byte[]> ReadWholeAsync(this HubAnswer answer, long mostBytes, UsageScanner? usage, HubClock clock)
    {
        if (answer.Small is { } small)
            return small;
        using var whole = new MemoryStream();
        await AnswerCopy.BodyAsync(answer.Response, whole, answer.Scrub, usage, clock, mostBytes);
        return whole.ToArray();
    }

    /// <summary>What the hub says for itself, without a piece of the secret; null when it says nothing. Known after <see cref="ReadSmallAsync"/>.</summary>
    public static string? Words(this HubAnswer answer) => HubWords.Of(answer.Small) is { } words ? answer.Scrub?.Sentence(words) ?? words : null;
}
