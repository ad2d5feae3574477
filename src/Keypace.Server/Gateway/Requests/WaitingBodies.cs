using System.Collections.Concurrent;
using Keypace.Domain;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// Bounds the memory that the bodies of all requests take together, and what one access token may have of it. Room is taken before a byte
/// is read, so that many callers who send slowly cannot fill the machine.
/// </summary>
internal sealed class WaitingBodies(GatewayOptions options)
{
    /// <summary>The holder of what comes without a token: sign-in and set-up.</summary>
    public const string Nobody = "";

    public static readonly Refusal Full = new(RefusalReason.Limited, "queue_full",
        "The bodies of the requests on their way fill the memory set aside for them, in all or for this access token "
        + "(settings Gateway:WaitingBodiesBytes and Gateway:TokenBodiesPercent). Try again shortly.",
        TimeSpan.FromSeconds(1));

    // One entry for each token that ever sent a body to this process: as many as there are tokens and members.
    private readonly ConcurrentDictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private readonly long _mostOfOne = options.WaitingBodiesBytes * options.TokenBodiesPercent / 100;
    private long _held;

    /// <summary>Bytes taken now.</summary>
    public long HeldBytes => Interlocked.Read(ref _held);

    /// <param name="holder">The access token's id; <see cref="Nobody"/> where there is none.</param>
    public BodyRoom For(string holder) => new(this, _shares.GetOrAdd(holder, static _ => new Share()));

    private bool TryTake(Share share, long bytes)
    {
        if (Interlocked.Add(ref share.Held, bytes) <= _mostOfOne)
        {
            if (Interlocked.Add(ref _held, bytes) <= options.WaitingBodiesBytes)
                return true;
            Interlocked.Add(ref _held, -bytes);
        }

        Interlocked.Add(ref share.Held, -bytes);
        return false;
    }

    private void GiveBack(Share share, long bytes)
    {
        Interlocked.Add(ref share.Held, -bytes);
        Interlocked.Add(ref _held, -bytes);
    }

    /// <summary>What one holder has taken.</summary>
    internal sealed class Share
    {
        public long Held;
    }

    /// <summary>What one body has taken. A value: it is kept by the body, and given back exactly once, by it. The default is without bounds.</summary>
    public struct BodyRoom
    {
        private readonly WaitingBodies? _all;
        private readonly Share? _share;
        private long _taken;

        internal BodyRoom(WaitingBodies all, Share share) => (_all, _share, _taken) = (all, share, 0);

        /// <summary>False, and nothing changed, when there is no room for so many more bytes.</summary>
        public bool TryTake(long bytes)
        {
            if (_all is null)
                return true;
            if (!_all.TryTake(_share!, bytes))
                return false;
            _taken += bytes;
            return true;
        }

        public void GiveBack(long bytes)
        {
            if (_all is null || bytes == 0)
                return;
            _all.GiveBack(_share!, bytes);
            _taken -= bytes;
        }

        public void GiveBackAll() => GiveBack(_taken);
    }
}
