using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Keypace.Tests.Security;

/// <summary>A hub that notes the bytes of each request and answers with bytes of the test's choosing, well-formed or not. One request a connection.</summary>
internal sealed class RawHub : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Func<string, Task>, Task> _answer;
    private readonly ConcurrentQueue<string> _heads = new();

    /// <param name="answer">Gets the request's head, and what writes Latin-1 to the connection, which is closed when it returns.</param>
    public RawHub(Func<string, Func<string, Task>, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public RawHub(string answer)
        : this((_, write) => write(answer))
    {
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Request lines with headers, each as it came.</summary>
    public IReadOnlyCollection<string> Heads => _heads;

    public static string Ok(string body, string headers = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    public static string Chat { get; } = Ok(
        """{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}""");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var text = new StringBuilder();
                var piece = new byte[16 * 1024];
                var end = -1;
                while (end < 0)
                {
                    var read = await stream.ReadAsync(piece, _stop.Token);
                    if (read == 0)
                        return;
                    text.Append(Encoding.Latin1.GetString(piece, 0, read));
                    end = text.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal);
                }

                var head = text.ToString()[..(end + 2)];
                var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } told
                    ? int.Parse(told.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture)
                    : 0;
                for (var left = length - (text.Length - end - 4); left > 0;)
                    left -= await stream.ReadAsync(piece, _stop.Token) is > 0 and var read ? read : left;
                _heads.Enqueue(head);
                await _answer(head, async answer =>
                {
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), _stop.Token);
                    await stream.FlushAsync(_stop.Token);
                });
            }
            catch (Exception over) when (over is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The gateway hung up, or the test is over.
            }
        }
    }
}
