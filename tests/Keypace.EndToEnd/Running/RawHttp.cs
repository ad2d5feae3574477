using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Keypace.EndToEnd;

/// <summary>Requests that no client library would send.</summary>
internal static class RawHttp
{
    /// <param name="head">Request line and headers, each ended with CR LF; Host and the empty line are added.</param>
    /// <returns>The status; 0 when the server closed without an answer.</returns>
    public static async Task<int> StatusAsync(Uri address, string head, string body = "")
    {
        var text = await SendAsync(address, head, body);
        return text.Length > 12 ? int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The whole answer as text.</summary>
    public static async Task<string> SendAsync(Uri address, string head, string body = "")
    {
        using var patience = new CancellationTokenSource(Until.Deadline);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, patience.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{head}Host: {address.Authority}\r\nConnection: close\r\n\r\n{body}"), patience.Token);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            return await reader.ReadToEndAsync(patience.Token);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
