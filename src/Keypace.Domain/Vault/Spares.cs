namespace Keypace.Domain.Vault;

/// <summary>
/// A few cipher contexts that were set up with one key and lie ready. To set one up costs as much as what it is used for, and none may be
/// used by two threads at once: so a thread takes one out, or makes its own where none is left.
/// </summary>
/// <typeparam name="T">Holds key material of its own, which disposing overwrites.</typeparam>
internal sealed class Spares<T> : IDisposable
    where T : class, IDisposable
{
    /// <summary>As many as cores that are likely to work with one key at the same moment.</summary>
    private const int Most = 8;

    private readonly T?[] _ready = new T?[Most];
    private volatile bool _isClosed;

    public T? TryTake()
    {
        for (var place = 0; place < Most; place++)
        {
            if (_ready[place] is not null && Interlocked.Exchange(ref _ready[place], null) is { } one)
                return one;
        }

        return null;
    }

    /// <summary>For the next one; disposed where there are enough, or where the key is gone.</summary>
    public void GiveBack(T one)
    {
        for (var place = 0; place < Most; place++)
        {
            if (Interlocked.CompareExchange(ref _ready[place], one, null) is not null)
                continue;
            if (_isClosed)
                Interlocked.Exchange(ref _ready[place], null)?.Dispose();   // closed just now: nobody will come for it
            return;
        }

        one.Dispose();
    }

    /// <summary>No context outlives this but those in use, which end when they are given back.</summary>
    public void Dispose()
    {
        _isClosed = true;
        while (TryTake() is { } one)
            one.Dispose();
    }
}
