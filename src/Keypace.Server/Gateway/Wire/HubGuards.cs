using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Wire;

/// <summary>
/// The guard of each hub's host: what is set, and more where delays on the way there are seen to spread further. Looks at open connections
/// every two seconds, off the path of any query, and tells the rate groups. Only while there are connections; a guard of 0 switches it off.
/// </summary>
internal sealed class HubGuards : IDisposable
{
    /// <summary>More than this would cost a short interval its rate; a network so uneven is the owner's to judge (guard_ms of the key).</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>Changes smaller than this are not worth a word to the pacers, in milliseconds; guards are multiples of it.</summary>
    private const int StepMs = 5;

    /// <summary>Sockets looked at of one host each time.</summary>
    private const int MostLooked = 64;

    // struct tcp_info of <linux/tcp.h>; microseconds.
    private const int IpProtocolTcp = 6, TcpInfo = 11, LastAckAt = 56, RttAt = 68, RttVarAt = 72, MinRttAt = 148, InfoBytes = 152;

    private readonly ConcurrentDictionary<string, Host> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly PacingOptions _pacing;
    private readonly KeySnapshots _snapshots;
    private readonly RateGroups _groups;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private int _isLooking;

    public HubGuards(PacingOptions pacing, KeySnapshots snapshots, RateGroups groups, TimeProvider time)
    {
        (_pacing, _snapshots, _groups, _time) = (pacing, snapshots, groups, time);
        groups.GroupMade = Tell;   // a group that comes later has the guard of its host from the start
        _timer = time.CreateTimer(static guards => ((HubGuards)guards!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private sealed class Host
    {
        public Lock Gate { get; } = new();

        public GuardMeter Meter { get; } = new();

        public ConcurrentDictionary<Socket, byte> Sockets { get; } = new();

        public int GuardMs;   // written by the timer only
    }

    /// <summary>What is known now: for each hub the most that a host of its keys needs. The hosts themselves may be people's own, and are nobody's business.</summary>
    public IReadOnlyList<(string Hub, int GuardMs)> MeasuredByHub =>
    [
        .. _snapshots.Current.Keys.Values
            .Select(key => (Hub: key.Hub.Name, Host: key.HubHost is { } name ? _hosts.GetValueOrDefault(name) : null))
            .Where(one => one.Host is not null)
            .GroupBy(one => one.Hub, one => Volatile.Read(ref one.Host!.GuardMs), StringComparer.Ordinal)
            .OrderBy(hub => hub.Key, StringComparer.Ordinal)
            .Select(hub => (hub.Key, hub.Max())),
    ];

    /// <summary>A connection was made. Called once a connection, not once a query.</summary>
    /// <param name="took">Of TCP alone: names and TLS say nothing of the way.</param>
    public void Connected(string host, int port, Socket socket, TimeSpan took)
    {
        if (_pacing.Guard == TimeSpan.Zero)
            return;
        var known = _hosts.GetOrAdd($"{host}:{port}", static _ => new Host());
        lock (known.Gate)
            known.Meter.Connected(took.TotalMilliseconds, NowSeconds);
        known.Sockets.TryAdd(socket, 0);
        if (Interlocked.Exchange(ref _isLooking, 1) == 0)
            _timer.Change(LookEvery, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reads what the kernel knows, and tells the groups whose guard has become another.</summary>
    internal void Look()
    {
        var isAnyRaised = false;
        foreach (var (_, host) in _hosts)
        {
            foreach (var (socket, _) in host.Sockets)
            {
                if (socket.SafeHandle.IsClosed)
                    host.Sockets.TryRemove(socket, out _);
            }

            double spread;
            lock (host.Gate)
            {
                foreach (var (socket, _) in host.Sockets.Take(MostLooked))
                    Read(socket, host.Meter);
                spread = host.Meter.SpreadMs(NowSeconds);
            }

            Volatile.Write(ref host.GuardMs, GuardMsOf(spread, _pacing.Guard));
            isAnyRaised |= host.GuardMs > _pacing.Guard.TotalMilliseconds;
        }

        Tell(isAnyRaised);
        // Set anew each time: nothing runs while there is nothing to look at.
        if (isAnyRaised || _hosts.Any(host => !host.Value.Sockets.IsEmpty))
            _timer.Change(LookEvery, Timeout.InfiniteTimeSpan);
        else
            Volatile.Write(ref _isLooking, 0);
    }

    /// <summary>Never less than what is set: what a proxy or the hub's own front door adds, no figure of ours shows.</summary>
    internal static int GuardMsOf(double spreadMs, TimeSpan set)
    {
        var measured = (int)Math.Ceiling(spreadMs / StepMs) * StepMs;
        return (int)Math.Max(set.TotalMilliseconds, Math.Min(measured, Most.TotalMilliseconds));
    }

    private long NowSeconds => (long)_time.GetElapsedTime(0).TotalSeconds;

    private bool _wasRaised;

    private void Tell(bool isAnyRaised)
    {
        if (!isAnyRaised && !_wasRaised)
            return;
        _wasRaised = isAnyRaised;
        foreach (var (id, keys) in _snapshots.Current.KeysByRateGroup)
        {
            if (_groups.TryGet(id, out var group))
                Tell(group, keys);
        }
    }

    private void Tell(PacedGroup group)
    {
        if (!_hosts.IsEmpty && _snapshots.Current.KeysByRateGroup.TryGetValue(group.Id, out var keys))
            Tell(group, keys);
    }

    private void Tell(PacedGroup group, ImmutableArray<ServedKey> keys)
    {
        var guard = 0;
        foreach (var key in keys)
        {
            if (key.HubHost is { } name && _hosts.TryGetValue(name, out var host))
                guard = Math.Max(guard, Volatile.Read(ref host.GuardMs));
        }

        if (guard > 0)
            group.SuggestGuard(TimeSpan.FromMilliseconds(guard));
    }

    private void Read(Socket socket, GuardMeter meter)
    {
        if (!OperatingSystem.IsLinux())
            return;
        Span<byte> info = stackalloc byte[InfoBytes];
        try
        {
            if (socket.GetRawSocketOption(IpProtocolTcp, TcpInfo, info) < InfoBytes)
                return;   // an older kernel
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return;
        }

        Note(info, meter, NowSeconds);
    }

    /// <summary>Only of a connection that heard of its peer since the last look: the kernel keeps the figures of an idle one for ever, and they would never be old.</summary>
    internal static void Note(ReadOnlySpan<byte> info, GuardMeter meter, long nowSeconds)
    {
        var (rtt, deviation, least) = (Milliseconds(info, RttAt), Milliseconds(info, RttVarAt), Milliseconds(info, MinRttAt));
        var heard = Milliseconds(info, LastAckAt) * 1000;   // this one is milliseconds already
        if (rtt > 0 && heard <= LookEvery.TotalMilliseconds)
            meter.RoundTrip(rtt, deviation, Math.Min(rtt, least), nowSeconds);
    }

    private static double Milliseconds(ReadOnlySpan<byte> info, int at) =>
        (BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(info[at..]) : BinaryPrimitives.ReadUInt32BigEndian(info[at..])) / 1000.0;

    public void Dispose() => _timer.Dispose();
}
