using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>
/// Key bytes in memory that the collector never moves, overwritten once it is disposed and nobody uses it any more. Counting the users
/// matters: a key that is zeroed under a running decryption is a key that an attacker knows.
/// </summary>
internal sealed class PinnedKey : IDisposable
{
    private const int Closed = int.MinValue;   // the sign bit; the other bits count the leases

    private readonly byte[] _bytes;
    private int _state;

    public PinnedKey(int bytes) => _bytes = GC.AllocateArray<byte>(bytes, pinned: true);

    public PinnedKey(ReadOnlySpan<byte> bytes)
        : this(bytes.Length) => bytes.CopyTo(_bytes);

    ~PinnedKey() => CryptographicOperations.ZeroMemory(_bytes);

    /// <summary>For the one who has just made this key and still fills it.</summary>
    public Span<byte> Writable => _bytes;

    /// <summary>False once the key is disposed.</summary>
    public bool TryLease(out Lease lease)
    {
        var state = Volatile.Read(ref _state);
        while (state >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _state, state + 1, state);
            if (seen == state)
            {
                lease = new Lease(this);
                return true;
            }

            state = seen;
        }

        lease = default;
        return false;
    }

    /// <exception cref="ObjectDisposedException">The key is gone.</exception>
    public Lease Use()
    {
        ObjectDisposedException.ThrowIf(!TryLease(out var lease), this);
        return lease;
    }

    public void Dispose()
    {
        if (Interlocked.Or(ref _state, Closed) == 0)
            CryptographicOperations.ZeroMemory(_bytes);
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
            CryptographicOperations.ZeroMemory(_bytes);
    }

    /// <summary>The right to read the bytes until it is disposed.</summary>
    public readonly ref struct Lease(PinnedKey key)
    {
        public ReadOnlySpan<byte> Bytes => key._bytes;

        public void Dispose() => key?.Release();
    }
}
