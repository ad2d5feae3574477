using System.Net.Sockets;
using System.Text;
using Keypace.Tests.Server.Features;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Platform;

/// <summary>A stop waits for answers, and for nobody who owes the rest of a request.</summary>
public sealed class StoppingTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("GET /healthz HTTP/1.1\r\nHo")]
    [InlineData("G")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 50000\r\n\r\n{")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{")]
    [InlineData("POST /v1/api-keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")]
    [InlineData("POST /v1/chat_complete HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{")]
    [InlineData("POST /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Keypace: 1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")]
    public async Task Half_a_request_does_not_hold_it_up(string half)
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        var token = (await File.ReadAllTextAsync(_folder.In("token"), Ct)).Trim();
        await using var server = await RunningServer.StartAsync(_folder);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(half.Replace("TOKEN", token, StringComparison.Ordinal)), Ct);
        (await server.Http.GetAsync("/healthz", Ct)).Dispose();   // sent later, answered: the half is there too

        var startedAt = TimeProvider.System.GetTimestamp();
        var stopped = server.StopAsync();
        var ended = EndAsync(stream);
        await Until.TrueAsync(() =>
        {
            _folder.Time.Advance(TimeSpan.FromMilliseconds(100));
            return ended.IsCompleted;
        });
        Assert.Equal(Keypace.Server.ExitCodes.Done, await stopped);
        // Half a minute of real time is what running queries have; a stop that this holds up takes all of it.
        Assert.True(TimeProvider.System.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(20), "It waited for the rest of a request.");
    }

    private static async Task EndAsync(NetworkStream stream)
    {
        var piece = new byte[1024];
        try
        {
            while (await stream.ReadAsync(piece, Ct) > 0)
            {
                // What is said before the end.
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }
}
