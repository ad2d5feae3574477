using Keypace.Domain;

namespace Keypace.Server.Gateway;

/// <summary>Bounds the memory that the bodies of all queries on their way take together.</summary>
internal sealed class WaitingBodies(GatewayOptions options)
{
    public static readonly Refusal Full = new(RefusalReason.Limited, "queue_full",
        "The bodies of the waiting queries fill the memory set aside for them (setting Gateway:WaitingBodiesBytes). Try again shortly.",
        TimeSpan.FromSeconds(1));

    private long _held;

    public long HeldBytes => Interlocked.Read(ref _held);

    /// <summary>Null when there is no room.</summary>
    public Held? Hold(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= options.WaitingBodiesBytes)
            return new Held(this, bytes);
        Interlocked.Add(ref _held, -bytes);
        return null;
    }

    public sealed class Held(WaitingBodies owner, long bytes) : IDisposable
    {
        public void Dispose() => Interlocked.Add(ref owner._held, -bytes);
    }
}
