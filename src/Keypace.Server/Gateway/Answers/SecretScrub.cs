using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain.Echoes;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Stars out the key's secret where a hub sends it back, in whatever clothes (<see cref="SecretEcho"/>). Works on the stream as it passes: a piece is held back only
/// when it ends with what could be a part of the secret, and only that end of it. Lengths do not change.
/// </summary>
/// <param name="sketch">The secret's, where one is kept: most answers are ruled out by it. Null where none is.</param>
internal sealed class SecretScrub(byte[] secret, SecretSketch? sketch) : IDisposable
{
    private const int MostOnStack = 512;

    private SecretEcho? _echo;
    private byte[]? _held;
    private int _heldCount;
    private bool _isStrict;
    private ErrorWords? _errors;

    public static SecretScrub? For(byte[] secret, SecretSketch? sketch = null) => secret.Length >= SecretEcho.ShortestSecretBytes ? new SecretScrub(secret, sketch) : null;

    /// <summary>True for errors, of which not even eight characters of the secret in a row pass.</summary>
    public bool IsStrict
    {
        get => _isStrict;
        set
        {
            if (_isStrict == value)
                return;
            _isStrict = value;
            _echo?.Dispose();
            _echo = null;
        }
    }

    /// <summary>Bytes that <see cref="Pass"/> needs free in front of each piece, for what was held back from the one before.</summary>
    public int Room { get; } = SecretEcho.MostHeld(secret.Length);

    private SecretEcho Echo => _echo ??= new SecretEcho(secret, _isStrict);

    /// <summary>
    /// From the first error in an answer on, under a 200 too or in a stream's event, it is as strict as with errors.
    /// Scrubs <paramref name="count"/> new bytes that stand in <paramref name="buffer"/> from <paramref name="start"/>, which is at least <see cref="Room"/>.
    /// </summary>
    /// <returns>The range that may go out now.</returns>
    public (int From, int To) Pass(Span<byte> buffer, int start, int count)
    {
        var from = start - _heldCount;
        if (_heldCount > 0)
            _held.AsSpan(0, _heldCount).CopyTo(buffer[from..]);
        var window = buffer[from..(start + count)];
        if (!_isStrict && (_errors ??= new ErrorWords()).BeginIn(buffer.Slice(start, count)))
            IsStrict = true;
        if (_heldCount == 0 && sketch?.RulesOutToEnd(window) == true)
            return (start, start + count);
        Echo.StarOut(window, isEnd: false);
        _heldCount = Echo.HeldAtEnd(window, Room);
        if (_heldCount > 0)
            window[^_heldCount..].CopyTo(RoomFor(_heldCount));
        return (from, start + count - _heldCount);
    }

    /// <summary>Scrubs bytes that begin an answer. What is held back of them comes with the next piece, or as <see cref="Rest"/>.</summary>
    public ReadOnlyMemory<byte> PassWhole(ReadOnlySpan<byte> bytes)
    {
        var buffer = new byte[Room + bytes.Length];
        bytes.CopyTo(buffer.AsSpan(Room));
        var (from, to) = Pass(buffer, Room, bytes.Length);
        return buffer.AsMemory(from, to - from);
    }

    /// <summary>What is still held when the answer ends, scrubbed.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        if (_heldCount == 0)
            return default;
        var rest = _held.AsMemory(0, _heldCount);
        _heldCount = 0;
        Echo.StarOut(rest.Span, isEnd: true);
        return rest;
    }

    /// <summary>Scrubs text that is whole, such as a header's name or value. The same text when there is nothing of the secret in it.</summary>
    public string Text(string text) => IsRuledOut(text) ? text : Starred(Echo, text);

    /// <summary>True when a piece of the secret stands in a header's name, in whatever capitals: to HTTP names have none.</summary>
    public bool StandsInName(string name)
    {
        if (name.Length < SecretEcho.ShortestSecretBytes || IsRuledOut(name))
            return false;
        var small = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(secret).ToLowerInvariant());
        try
        {
            return StandsIn(secret, name) || StandsIn(secret, name.ToUpperInvariant()) || small.Length >= SecretEcho.ShortestSecretBytes && StandsIn(small, name.ToLowerInvariant());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(small);
        }
    }

    private static bool StandsIn(byte[] secret, string name)
    {
        using var strict = new SecretEcho(secret, isStrict: true);
        return !ReferenceEquals(Starred(strict, name), name);
    }

    /// <summary>Scrubs a sentence for people: as strictly as an error.</summary>
    public string Sentence(string text)
    {
        if (_isStrict)
            return Text(text);
        using var strict = new SecretEcho(secret, isStrict: true);
        return Starred(strict, text);
    }

    /// <summary>Likewise, of a secret that goes nowhere but into one sentence. Secrets that are too short to be looked for are left to be found whole.</summary>
    public static string Sentence(string text, string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        try
        {
            if (bytes.Length < SecretEcho.ShortestSecretBytes)
                return secret.Length == 0 ? text : text.Replace(secret, "***", StringComparison.Ordinal);
            using var strict = new SecretEcho(bytes, isStrict: true);
            return Starred(strict, text);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void Dispose()
    {
        _echo?.Dispose();
        LetGo();
    }

    private byte[] RoomFor(int held)
    {
        if (_held?.Length >= held)
            return _held;
        LetGo();
        return _held = ArrayPool<byte>.Shared.Rent(held);
    }

    private void LetGo()
    {
        if (_held is null)
            return;
        CryptographicOperations.ZeroMemory(_held);
        ArrayPool<byte>.Shared.Return(_held);
        _held = null;
    }

    private bool IsRuledOut(string text)
    {
        Span<byte> bytes = stackalloc byte[MostOnStack];
        return sketch is not null && Encoding.UTF8.TryGetBytes(text, bytes, out var count) && sketch.RulesOut(bytes[..count]);
    }

    private static string Starred(SecretEcho echo, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = most <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[most];
        var count = Encoding.UTF8.GetBytes(text, bytes);
        return echo.StarOut(bytes[..count], isEnd: true) ? Encoding.UTF8.GetString(bytes[..count]) : text;
    }
}
