using Keypace.Server.Gateway.Wire;
using ZstdSharp;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// One content coding taken off an answer, piece by piece as it comes. What is cut short, damaged, or grows beyond all measure throws
/// <see cref="UndecodableAnswerException"/>.
/// </summary>
internal sealed class DecodingStream : AnswerStream
{
    /// <summary>What follows the coded bytes is read so far, for the sake of the answer's framing and its connection; it belongs to nothing.</summary>
    private const int MostBehind = 64 * 1024;

    private readonly CodedBytes _coded;
    private readonly ContentCoding _coding;
    private readonly DecodingBound _bound;
    private Stream? _decoder;
    private long _made;

    private DecodingStream(CodedBytes coded, ContentCoding coding, DecodingBound bound) => (_coded, _coding, _bound) = (coded, coding, bound);

    /// <param name="codings">In the order in which they were applied.</param>
    public static Stream Of(Stream coded, IReadOnlyList<ContentCoding> codings)
    {
        var bound = new DecodingBound();
        var decoded = coded;
        for (var at = codings.Count - 1; at >= 0; at--)
            decoded = new DecodingStream(new CodedBytes(decoded, decoded == coded ? bound : null), codings[at], bound);
        return decoded;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;
        try
        {
            var start = _decoder is null ? await _coded.StartAsync(cancellationToken) : default;
            if (_decoder is null && start.IsEmpty)
                return 0;   // nothing is nothing in every coding
            _decoder ??= _coding.Open(_coded, start);
            var read = await _decoder.ReadAsync(buffer, cancellationToken);
            if (read == 0)
                await ReadBehindAsync(buffer, cancellationToken);
            _made += read;
            _bound.Check(_made);
            return read;
        }
        catch (Exception failure) when (failure is InvalidDataException or ZstdException or EndOfStreamException or InvalidOperationException and not ObjectDisposedException)
        {
            throw new UndecodableAnswerException("its body is not what its Content-Encoding says", failure);
        }
    }

    private async ValueTask ReadBehindAsync(Memory<byte> buffer, CancellationToken ct)
    {
        for (var (read, behind) = (1, 0); read > 0 && behind < MostBehind; behind += read)
            read = await _coded.ReadAsync(buffer, ct);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
            _coded.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>What is to be decoded; its first two bytes can be looked at before they are read.</summary>
    /// <param name="bound">Told what comes; null between two codings.</param>
    private sealed class CodedBytes(Stream inner, DecodingBound? bound) : AnswerStream
    {
        private readonly byte[] _start = new byte[2];
        private Memory<byte> _ahead;   // looked at, and not yet read

        public async ValueTask<ReadOnlyMemory<byte>> StartAsync(CancellationToken ct)
        {
            _ahead = _start.AsMemory(0, await inner.ReadAtLeastAsync(_start, _start.Length, throwOnEndOfStream: false, ct));
            bound?.Came(_ahead.Length);
            return _ahead;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_ahead.IsEmpty)
            {
                var count = Math.Min(_ahead.Length, buffer.Length);
                _ahead[..count].CopyTo(buffer);
                _ahead = _ahead[count..];
                return count;
            }

            var read = await inner.ReadAsync(buffer, cancellationToken);
            bound?.Came(read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>How much an answer may become: text of a model shrinks to a twentieth at best, a bomb to a thousandth with each coding.</summary>
internal sealed class DecodingBound
{
    private const long AlwaysBytes = 32 * 1024 * 1024;
    private const long Times = 100;

    private long _came;

    /// <summary>So many more bytes came from the hub.</summary>
    public void Came(int bytes) => _came += bytes;

    /// <param name="made">Bytes that one of the codings has become until now.</param>
    /// <exception cref="UndecodableAnswerException">They are too many for what came.</exception>
    public void Check(long made)
    {
        if (made > AlwaysBytes && made > Times * _came)
            throw new UndecodableAnswerException("its body grows to more than a hundred times what the hub sent");
    }
}
