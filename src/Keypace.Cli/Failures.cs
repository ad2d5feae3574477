using System.Text.Encodings.Web;
using System.Text.Json;
using Keypace.Cli.Output;
using Keypace.Client;

namespace Keypace.Cli;

/// <summary>Says on standard error what went wrong, and with which exit code the command ends.</summary>
internal sealed class Failures(Terminal terminal, bool json)
{
    public int Print(CommandFailure failure)
    {
        Write(failure.Message, failure.Code, null, null, failure.Message);
        return failure.ExitCode;
    }

    public int Print(KeypaceException failure)
    {
        var detail = failure.Code switch
        {
            KeypaceException.Unreachable => $"{failure.Detail} Start a server with `keypace serve`, or name another with --base-url.",
            _ when failure.Status is 401 => $"{failure.Detail} Check --token-file, KEYPACE_TOKEN or KEYPACE_TOKEN_FILE.",
            _ => failure.Detail,
        };
        var where = failure.RequestId is null ? failure.Code : $"{failure.Code}, request {failure.RequestId}";
        Write(detail, failure.Code, failure.RequestId, failure, $"{detail} ({where})");
        return failure.Status is 409 or 412 ? Exit.Refused : Exit.Failed;
    }

    private void Write(string detail, string code, string? requestId, KeypaceException? answer, string sentence)
    {
        if (!json)
        {
            terminal.Error.WriteLine("keypace: " + PlainText.Of(sentence));
            return;
        }

        // The shape of the wire's own errors, plus the status where there was an answer.
        var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("detail", detail);
            writer.WriteString("code", code);
            writer.WriteString("request_id", requestId);
            if (answer?.Status is { } status)
                writer.WriteNumber("status", status);

            if (answer?.RetryAfter is { } wait)
                writer.WriteNumber("retry_after_ms", (long)Math.Ceiling(wait.TotalMilliseconds));

            if (answer is { Fields.Count: > 0 })
            {
                writer.WriteStartArray("fields");
                foreach (var field in answer.Fields)
                    writer.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes(field, Contracts.KeypaceJson.Default.FieldProblem));

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        terminal.Error.WriteLine(PlainText.OfJson(System.Text.Encoding.UTF8.GetString(bytes.ToArray())));
    }
}
