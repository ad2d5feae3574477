using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Keypace.EndToEnd;

/// <summary>A name server whose answers live for no second. What it says depends on how often the name was asked for.</summary>
internal sealed class FickleResolver : IDisposable
{
    private const ushort A = 1, Aaaa = 28;

    private readonly Socket _socket;
    private readonly Func<string, int, IPAddress[]> _answer;
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly CancellationTokenSource _stop = new();

    /// <param name="socket">UDP, bound.</param>
    /// <param name="answer">All addresses of a name, and how many questions of this family there were before; none when there is no such name.</param>
    public FickleResolver(Socket socket, Func<string, int, IPAddress[]> answer)
    {
        (_socket, _answer) = (socket, answer);
        _ = ServeAsync();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var question = new byte[512];
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveFromAsync(question, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                await _socket.SendToAsync(AnswerTo(question.AsSpan(0, got.ReceivedBytes)), SocketFlags.None, got.RemoteEndPoint, _stop.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private byte[] AnswerTo(ReadOnlySpan<byte> question)
    {
        var name = new StringBuilder();
        var at = 12;
        for (; question[at] != 0; at += question[at] + 1)
            name.Append(Encoding.ASCII.GetString(question.Slice(at + 1, question[at]))).Append('.');
        var end = at + 5;
        var kind = BinaryPrimitives.ReadUInt16BigEndian(question[(at + 1)..]);
        var text = name.ToString().TrimEnd('.').ToLowerInvariant();
        var before = _asked.AddOrUpdate($"{kind} {text}", 0, static (_, count) => count + 1);
        var all = _answer(text, before);
        var addresses = all.Where(one => kind == (one.AddressFamily == AddressFamily.InterNetwork ? A : Aaaa)).Select(one => one.GetAddressBytes()).ToList();

        var answer = new List<byte>();
        void Number(int number) => answer.AddRange([(byte)(number >> 8), (byte)number]);
        answer.AddRange(question[..2]);
        Number(all.Length == 0 ? 0x8183 : 0x8180);   // an answer, asked further; 3: no such name
        Number(1);
        Number(addresses.Count);
        Number(0);
        Number(0);
        answer.AddRange(question[12..end]);
        foreach (var address in addresses)
        {
            Number(0xC00C);                          // the name in the question
            Number(kind);
            Number(1);
            answer.AddRange([0, 0, 0, 0]);           // seconds to live
            Number(address.Length);
            answer.AddRange(address);
        }

        return [.. answer];
    }
}
