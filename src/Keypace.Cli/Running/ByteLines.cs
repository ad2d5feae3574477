using System.Buffers;
using System.IO.Pipelines;

namespace Keypace.Cli.Running;

/// <summary>One line of a file, without its line break.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="IsWhole">False for a last line without a line break: it may have been cut off.</param>
internal readonly record struct ByteLine(long Number, long Offset, ReadOnlyMemory<byte> Bytes, bool IsWhole)
{
    public bool IsBlank => Bytes.Span.IndexOfAnyExcept((byte)' ', (byte)'\t', (byte)'\r') < 0;
}

/// <summary>Reads a file line by line without holding it: only one line is in memory at a time.</summary>
internal static class ByteLines
{
    /// <summary>Longest line, in bytes: the largest body that a server takes.</summary>
    private const int Longest = 32 * 1024 * 1024;

    private static readonly byte[] s_mark = [0xEF, 0xBB, 0xBF];

    /// <param name="name">Of the file, for the sentence when a line is too long.</param>
    public static async IAsyncEnumerable<ByteLine> ReadAsync(Stream file, string name, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var reader = PipeReader.Create(file, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        var (number, offset) = (0L, 0L);
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                var line = rest.Slice(0, end);
                number++;
                yield return new ByteLine(number, offset, Without(line, offset), IsWhole: true);
                offset += line.Length + 1;
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > Longest)
                throw CommandFailure.Usage($"Line {number + 1} of '{name}' is longer than {Longest / 1024 / 1024} MiB.");

            if (read.IsCompleted)
            {
                if (!rest.IsEmpty)
                    yield return new ByteLine(number + 1, offset, Without(rest, offset), IsWhole: false);

                await reader.CompleteAsync();
                yield break;
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }
    }

    /// <summary>A byte order mark at a file's begin is no part of its first line.</summary>
    private static byte[] Without(ReadOnlySequence<byte> line, long offset)
    {
        var bytes = line.ToArray();
        return offset == 0 && bytes.AsSpan().StartsWith(s_mark) ? bytes[s_mark.Length..] : bytes;
    }
}
