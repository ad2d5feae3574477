using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Running;

/// <summary>
/// The file of answers: one JSON object a line, appended and handed to the system as soon as the answer is there, so that a run that is killed
/// loses none of them, and written to the disk itself each second. When the run is done it is put into the order of the questions.
/// </summary>
internal sealed class AnswerFile : IDisposable
{
    private static readonly TimeSpan s_syncEvery = TimeSpan.FromSeconds(1);
    private static readonly JsonWriterOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FileStream _file;
    private readonly bool _wasMade;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly List<Stored> _stored = [];
    private readonly Dictionary<string, Queue<int>> _unclaimed = new(StringComparer.Ordinal);
    private long _syncedAt;

    private AnswerFile(FileStream file, string path, bool wasMade, TimeProvider clock)
    {
        (_file, Path, _wasMade, _clock) = (file, path, wasMade, clock);
        _syncedAt = clock.GetTimestamp();
    }

    public string Path { get; }

    /// <summary>True when the file ended in half a line, as after a crash of the machine; that question is asked again.</summary>
    public bool WasTorn { get; private set; }

    /// <summary>Answers that belong to no question of this run; they stay where they are, at the end.</summary>
    public int Foreign => _unclaimed.Values.Sum(queue => queue.Count);

    /// <summary>Opens the file, or makes it, for this run alone, and reads which questions it answers.</summary>
    /// <param name="onlyLook">Changes nothing in it.</param>
    /// <exception cref="CommandFailure">It cannot be opened, another run has it, or it holds something else; it is then as it was.</exception>
    public static async Task<AnswerFile> OpenAsync(string path, bool onlyLook, TimeProvider clock, CancellationToken ct)
    {
        var wasMade = !File.Exists(path);
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 });
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            throw broken is IOException && File.Exists(path)
                ? new CommandFailure(Exit.Refused, "in_use", $"'{path}' cannot be opened; perhaps another run writes to it. ({broken.Message})")
                : CommandFailure.Usage($"Cannot open '{path}': {broken.Message}");
        }

        var answers = new AnswerFile(file, path, wasMade, clock);
        try
        {
            var end = await answers.ReadAsync(ct);
            if (!onlyLook)
                answers.Mend(end);

            return answers;
        }
        catch
        {
            answers.Dispose();
            throw;
        }
    }

    /// <summary>True when the file holds this question's answer; each answer is claimed once, so a question that stands twice is asked twice.</summary>
    public bool Claim(RunQuestion question)
    {
        if (!_unclaimed.TryGetValue(question.Fingerprint, out var waiting) || !waiting.TryDequeue(out var index))
            return false;

        _stored[index] = _stored[index] with { Line = question.Line };
        return true;
    }

    public void Add(RunQuestion question, RawAnswer answer)
    {
        var bytes = Line(question, answer);
        lock (_lock)
        {
            var offset = _file.Position;
            try
            {
                _file.Write(bytes);
            }
            catch (IOException)
            {
                _file.SetLength(offset);   // a full disk took half of it; nothing may follow that half
                throw;
            }

            _stored.Add(new Stored(offset, bytes.Length, question.Line));
            if (_clock.GetElapsedTime(_syncedAt) >= s_syncEvery)
            {
                _file.Flush(flushToDisk: true);
                _syncedAt = _clock.GetTimestamp();
            }
        }
    }

    /// <summary>Puts the answers into the order of their questions, by way of a second file, so that at no moment an answer is missing on the disk.</summary>
    public async Task SortAsync(CancellationToken ct)
    {
        _file.Flush(flushToDisk: true);
        var sorted = _stored.OrderBy(one => one.Line).ToArray();   // stable: what belongs to no question keeps its order, at the end
        if (sorted.SequenceEqual(_stored))
            return;

        var draft = Path + ".sorted";
        try
        {
            var target = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None, 256 * 1024);
            await using (target.ConfigureAwait(false))
            {
                foreach (var one in sorted)
                {
                    var bytes = new byte[one.Length];
                    await RandomAccess.ReadAsync(_file.SafeFileHandle, bytes, one.Offset, ct);
                    await target.WriteAsync(bytes, ct);
                }

                target.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(draft, File.GetUnixFileMode(Path));

            File.Move(draft, Path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>A file that this run made and wrote nothing to goes away again.</summary>
    public void Dispose()
    {
        var isLeft = _wasMade && _stored.Count == 0;
        _file.Dispose();
        if (isLeft)
            File.Delete(Path);
    }

    /// <returns>Where the last whole line ends, with the line break that it may lack.</returns>
    private async Task<long> ReadAsync(CancellationToken ct)
    {
        var end = 0L;
        await foreach (var line in ByteLines.ReadAsync(_file, Path, ct))
        {
            var length = line.Bytes.Length + 1;
            if (!line.IsBlank)
            {
                if (Fingerprint(line) is not { } fingerprint)
                {
                    if (line.IsWhole)
                        throw CommandFailure.Usage($"Line {line.Number} of '{Path}' is no answer that `keypace run` wrote. Name another file with --out. Nothing was sent.");

                    WasTorn = true;
                    break;
                }

                if (!_unclaimed.TryGetValue(fingerprint, out var waiting))
                    _unclaimed[fingerprint] = waiting = new Queue<int>();

                waiting.Enqueue(_stored.Count);
                _stored.Add(new Stored(line.Offset, length, long.MaxValue));
            }

            end = line.Offset + length;
        }

        return end;
    }

    /// <summary>Half a line is cut off, a whole one without its line break is completed.</summary>
    private void Mend(long end)
    {
        if (WasTorn)
            _file.SetLength(end);

        _file.Seek(0, SeekOrigin.End);
        if (_file.Length < end)
            _file.Write("\n"u8);
    }

    private static string? Fingerprint(ByteLine line)
    {
        try
        {
            using var document = JsonDocument.Parse(line.Bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("response", out var response) && response.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("question", out var fingerprint) && fingerprint.ValueKind == JsonValueKind.String
                    ? fingerprint.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>OpenAI's batch output, with the text at hand and what Keypace knows besides.</summary>
    private static byte[] Line(RunQuestion question, RawAnswer answer)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, s_readable))
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", question.Line);
            writer.WriteString("custom_id", question.CustomId);
            writer.WriteString("text", AnswerBody.Text(answer.Body));
            writer.WriteStartObject("response");
            writer.WriteNumber("status_code", answer.Status);
            writer.WriteString("request_id", answer.Delivery.RequestId);
            writer.WritePropertyName("body");
            JsonText.WriteAsItCame(writer, answer.Body);
            writer.WriteEndObject();
            writer.WriteNull("error");
            writer.WriteNumber("waited_ms", (long)answer.Delivery.Waited.TotalMilliseconds);
            writer.WriteString("question", question.Fingerprint);
            writer.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private readonly record struct Stored(long Offset, int Length, long Line);
}
