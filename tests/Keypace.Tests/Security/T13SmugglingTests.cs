namespace Keypace.Tests.Security;

/// <summary>Requests whose end two servers could see at two places. Behind each stands a second request, which must never be answered.</summary>
public sealed class T13SmugglingTests
{
    [Fact]
    public async Task An_unclear_request_is_refused_once_and_ends_its_connection()
    {
        var threat = new Threat("T13", "smuggling, directly");
        await using var server = await SecurityServer.StartAsync();
        var host = $"Host: {server.Address.Authority}\r\n";
        var next = $"GET /healthz HTTP/1.1\r\n{host}\r\n";
        foreach (var (what, request) in UnclearRequests.All(host))
        {
            var (text, isClosed) = await server.SendRawAsync(request + next);
            var answers = text.Split("HTTP/1.1 ").Length - 1;
            var isRefused = answers == 0 || text.StartsWith("HTTP/1.1 505", StringComparison.Ordinal)
                || text.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) && !text.StartsWith("HTTP/1.1 404", StringComparison.Ordinal);
            threat.Check(isRefused && isClosed && answers <= 1, () => $"{what}: {answers} answers, closed: {isClosed}, {text.Split('\r')[0]}");
        }

        // The control: clear requests on the same way are answered, and so is what stands behind them.
        foreach (var clear in new[] { $"GET /healthz HTTP/1.1\r\n{host}\r\n", $"GET /healthz HTTP/1.1\r\n{host}X-A: b  \r\n\r\n", $"GET http://{server.Address.Authority}/healthz HTTP/1.1\r\n{host}\r\n" })
        {
            var (text, _) = await server.SendRawAsync(clear + next);
            threat.Check(text.Split("HTTP/1.1 200").Length == 3, () => $"a clear request was not answered: {text}");
        }

        threat.Done();
    }
}
