using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keypace.Cli.Running;

/// <summary>
/// The questions without an answer, in the shape of OpenAI's batch errors, beside the file of answers: <c>answers.errors.jsonl</c>. Made anew by
/// each run at its first failure; a run without one leaves none.
/// </summary>
internal sealed class FailureFile(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private FileStream? _file;

    public string Path { get; } = path;

    public static string Beside(string answers) => System.IO.Path.ChangeExtension(answers, ".errors" + System.IO.Path.GetExtension(answers));

    public void Forget() => File.Delete(Path);

    public void Add(RunQuestion question, RunFailure failure)
    {
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", question.Line);
            writer.WriteString("custom_id", question.CustomId);
            writer.WriteNull("response");
            writer.WriteStartObject("error");
            writer.WriteString("code", failure.Code);
            writer.WriteString("message", failure.Sentence);
            if (failure.Status is { } status)
                writer.WriteNumber("status_code", status);

            writer.WriteString("request_id", failure.RequestId);
            writer.WriteEndObject();
            writer.WriteString("question", question.Fingerprint);
            writer.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        lock (_lock)
        {
            _file ??= new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
            _file.Write(bytes.ToArray());
        }
    }

    public void Dispose() => _file?.Dispose();
}
