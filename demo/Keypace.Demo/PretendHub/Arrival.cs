namespace Keypace.Demo;

/// <summary>One request as the pretend hub saw it.</summary>
/// <param name="AtNs">Monotonic nanoseconds of its first byte; the kernel's figure where the process was late to read it.</param>
/// <param name="AppAtNs">Monotonic nanoseconds at which the application first saw it.</param>
/// <param name="Target">The raw target: path and query, undecoded.</param>
/// <param name="OnConnection">1 for the first request of its connection.</param>
/// <param name="Caller">The body's <c>user</c>: the tag that the demo and the tests give each caller.</param>
internal sealed record Arrival(
    int Number,
    long AtNs,
    long AppAtNs,
    string Method,
    string Target,
    string ConnectionId,
    int OnConnection,
    string? Caller,
    string? Model,
    IReadOnlyDictionary<string, string> Headers,
    byte[] Body)
{
    /// <summary>The status that was answered; 0 while there is none, or when the connection was cut instead.</summary>
    public volatile int Status;

    /// <summary>True once the other side went away before the answer was complete.</summary>
    public volatile bool CallerLeft;

    /// <summary>Every credential that came with it, as <c>header: value</c>.</summary>
    public IEnumerable<string> Credentials =>
        Headers.Where(header => Wire.CredentialHeaders.Contains(header.Key)).Select(header => $"{header.Key}: {header.Value}");
}
