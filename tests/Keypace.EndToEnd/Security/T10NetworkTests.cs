using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Keypace.Demo;
using Keypace.Tests.Security;

namespace Keypace.EndToEnd.Security;

/// <summary>
/// The built program in a network where every address of the world answers, and the kernel counts what is dialled: whatever URLs and names lead it to, only
/// public addresses are, and all of those that should be.
/// </summary>
public sealed class T10NetworkTests
{
    private const string Resolver = "127.0.0.53";
    private const int Port = 5397;
    private static readonly IPAddress _public = IPAddress.Parse("93.184.215.14");

    private readonly ConcurrentQueue<IPAddress> _arrived = new();
    private long _seen;
    private int _ours;

    [Fact]
    public async Task Nothing_special_is_dialled_whatever_is_written_or_resolved()
    {
        var threat = new Threat("T10", "addresses dialled in a network namespace");
        var random = new Random(threat.Seed);
        using var network = await NetworkNamespace.CreateAsync(Resolver);
        using var names = new FickleResolver(
            await network.OpenAsync(() => Bound(new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp), IPAddress.Parse(Resolver), 53)),
            (name, before) => !name.EndsWith(".rebind.test", StringComparison.Ordinal) ? []
                : name.StartsWith("mixed", StringComparison.Ordinal) ? [.. SpecialAddresses.Draw(random), _public]
                : before == 0 ? [_public] : SpecialAddresses.Draw(random));
        using var secure = await ListenAsync(network, 443);
        using var plain = await ListenAsync(network, 80);
        using var temporary = TemporaryFolder.Create("keypace-net-");
        var folder = new KeypaceFolder(temporary);
        await KeypaceProcess.InitAsync(folder);
        await using var process = ChildProcess.Start(
            network.Prefix[0], [.. network.Prefix.Skip(1), Checkout.Executable, "serve", "--data", folder.Data, "--kek-file", folder.Kek, "--urls", $"http://127.0.0.1:{Port}"], folder.Environment);
        await Until.TrueAsync(() => process.HasExited || process.Output.Contains("listens on", StringComparison.Ordinal), "it listens");
        using var http = ClientInside(network, folder.Token);

        // Every way to write a special address; every twelfth in a usual run.
        foreach (var (spelling, address) in SpecialAddresses.Spellings().Where((_, index) => index % Campaign.Or(12, 1) == threat.Seed % Campaign.Or(12, 1)))
        {
            foreach (var scheme in new[] { "https", "http" })
            {
                var (status, text) = await PostAsync(http, "/v1/api-keys/test", new { hub = "custom", value = Secrets.Odd, url = $"{scheme}://{spelling}/v1" });
                threat.Check(_arrived.IsEmpty && status < 500, () => $"{scheme}://{spelling} ({address}) led to {string.Join(", ", _arrived)}: {status} {text}");
            }
        }

        // Names that lead to a public address at the first question and elsewhere afterwards, or to both at once.
        for (var trial = 0; trial < Campaign.Or(50, 1_000); trial++)
        {
            var name = (trial % 4 == 0 ? "mixed" : "turning") + trial.ToString(CultureInfo.InvariantCulture);
            var (status, text) = await PostAsync(http, "/v1/api-keys", new { name, hub = "custom", value = Secrets.New(), url = $"https://{name}.rebind.test/v1" });
            threat.Check(status == 200, () => text);
            for (var query = 0; query < 3; query++)
                await PostAsync(http, "/v1/chat/completions", Api.Chat("m"), ("x-keypace-key", name));
            await Until.TrueAsync(() => !_arrived.IsEmpty, "the first question's address is dialled");
            threat.Check(_arrived.All(_public.Equals), () => $"{name} led to {string.Join(", ", _arrived)}");
            Forget();
        }

        // Public ones are dialled: none is refused that should not be.
        for (var index = 0; index < Campaign.Or(10, 200); index++)
        {
            var address = SpecialAddresses.DrawPublic(random);
            await PostAsync(http, "/v1/api-keys/test", new { hub = "custom", value = Secrets.Odd, url = $"https://{address}/v1" });
            threat.Check(!_arrived.IsEmpty && _arrived.All(address.Equals), () => $"{address} is public and led to '{string.Join(", ", _arrived)}'");
            Forget();
        }

        // The kernel's own count: nothing was dialled at a port where nobody listened.
        await Until.TrueAsync(() => OpensIn(process.Id) == _seen + _arrived.Count + _ours, $"{OpensIn(process.Id)} connections were begun, {_seen} arrived, {_ours} were the test's own");
        threat.Check(_arrived.IsEmpty, () => $"{string.Join(", ", _arrived)} came late");
        threat.Done();
    }

    private void Forget()
    {
        while (_arrived.TryDequeue(out _))
            _seen++;
    }

    /// <summary>Takes what comes at this port of any address, notes the address, and closes.</summary>
    private async Task<Socket> ListenAsync(NetworkNamespace network, int port)
    {
        var listener = await network.OpenAsync(() => Bound(new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true }, IPAddress.IPv6Any, port));
        listener.Listen(512);
        _ = AcceptAsync();
        return listener;

        async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var caller = await listener.AcceptAsync();
                    var address = ((IPEndPoint)caller.LocalEndPoint!).Address;
                    _arrived.Enqueue(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }

    private static Socket Bound(Socket socket, IPAddress address, int port)
    {
        socket.Bind(new IPEndPoint(address, port));
        return socket;
    }

    private HttpClient ClientInside(NetworkNamespace network, string token) =>
        new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                Interlocked.Increment(ref _ours);
                var socket = await network.OpenAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(IPAddress.Loopback, Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{Port}"),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };

    private static async Task<(int Status, string Text)> PostAsync(HttpClient http, string path, object body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Connections that were begun in the process's network since it was made: a first packet each, answered or not.</summary>
    private static long OpensIn(int process)
    {
        var lines = File.ReadLines($"/proc/{process}/net/snmp").Where(line => line.StartsWith("Tcp:", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToList();
        return long.Parse(lines[1][Array.IndexOf(lines[0], "ActiveOpens")], CultureInfo.InvariantCulture);
    }
}
