using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keypace.Server.Web.Samples;

/// <summary>One query to this server, as a program would send it.</summary>
/// <param name="Model"><c>agent/NAME</c>, <c>HUB/MODEL</c>, or with <paramref name="Key"/> the hub's own name.</param>
/// <param name="Key">The stored key's name; null where the model says it.</param>
/// <param name="Message">What the user says.</param>
/// <param name="MaxWaitSeconds">Null for the server's own.</param>
internal sealed record SampleCall(
    string Model, string Message, string? Key = null, double? Temperature = null, int? MostTokens = null, int? MaxWaitSeconds = null, bool Stream = false);

/// <summary>The same call in the languages that people paste it into. The token is always taken from the environment.</summary>
internal static class CallSamples
{
    // Letters of every language stay readable; what could end a string or a shell's quote does not.
    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="server">With a slash at its end.</param>
    public static IReadOnlyList<CodeSample> Of(string server, SampleCall call) =>
        [new("Python", Python(server, call)), new("curl", Curl(server, call)), new("JavaScript", JavaScript(server, call))];

private static string Curl(string server, SampleCall call)
    {
        var body = new StringBuilder("{\"model\": ").Append(Quoted(call.Model)).Append(",\n       \"messages\": [{\"role\": \"user\", \"content\": ").Append(Quoted(call.Message)).Append("}]");
        foreach (var (name, value) in Options(call))
            body.Append(",\n       \"").Append(name).Append("\": ").Append(value);
        body.Append('}');
        var text = new StringBuilder("curl ").Append(server).Append("v1/chat/completions \\\n");
        text.Append("  -H \"Authorization: Bearer $KEYPACE_TOKEN\" \\\n  -H \"Content-Type: application/json\" \\\n");
        foreach (var (name, value) in Headers(call))
            text.Append("  -H \"").Append(name).Append(": ").Append(value).Append("\" \\\n");
        return text.Append("  -d '").Append(body.ToString().Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'').ToString();
    }

    private static string Python(string server, SampleCall call)
    {
        var text = new StringBuilder("import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n");
        text.Append("    base_url=").Append(Quoted(server + "v1")).Append(",\n    api_key=os.environ[\"KEYPACE_TOKEN\"],\n)\n");
        text.Append(call.Stream ? "stream" : "answer").Append(" = client.chat.completions.create(\n    model=").Append(Quoted(call.Model)).Append(",\n");
        text.Append("    messages=[{\"role\": \"user\", \"content\": ").Append(Quoted(call.Message)).Append("}],\n");
        foreach (var (name, value) in Options(call))
            text.Append("    ").Append(name).Append('=').Append(value == "true" ? "True" : value).Append(",\n");
        var headers = Headers(call).Select(header => $"\"{header.Name}\": {Quoted(header.Value)}").ToList();
        if (headers.Count > 0)
            text.Append("    extra_headers={").AppendJoin(", ", headers).Append("},\n");
        return text.Append(call.Stream
            ? ")\nfor part in stream:\n    if part.choices:\n        print(part.choices[0].delta.content or \"\", end=\"\")\n"
            : ")\nprint(answer.choices[0].message.content)\n").ToString();
    }

    private static string JavaScript(string server, SampleCall call)
    {
        var text = new StringBuilder("import OpenAI from \"openai\";\n\nconst client = new OpenAI({\n  baseURL: ").Append(Quoted(server + "v1"));
        text.Append(",\n  apiKey: process.env.KEYPACE_TOKEN,\n});\nconst ").Append(call.Stream ? "stream" : "answer").Append(" = await client.chat.completions.create({\n  model: ").Append(Quoted(call.Model));
        text.Append(",\n  messages: [{ role: \"user\", content: ").Append(Quoted(call.Message)).Append(" }],\n");
        foreach (var (name, value) in Options(call))
            text.Append("  ").Append(name).Append(": ").Append(value).Append(",\n");
        var headers = Headers(call).Select(header => $"\"{header.Name}\": {Quoted(header.Value)}").ToList();
        text.Append(headers.Count > 0 ? $"}}, {{ headers: {{ {string.Join(", ", headers)} }} }});\n" : "});\n");
        return text.Append(call.Stream
            ? "for await (const part of stream) process.stdout.write(part.choices[0]?.delta?.content ?? \"\");\n"
            : "console.log(answer.choices[0].message.content);\n").ToString();
    }

    private static IEnumerable<(string Name, string Value)> Options(SampleCall call)
    {
        if (call.Temperature is { } temperature)
            yield return ("temperature", temperature.ToString(CultureInfo.InvariantCulture));
        if (call.MostTokens is { } most)
            yield return ("max_completion_tokens", most.ToString(CultureInfo.InvariantCulture));
        if (call.Stream)
            yield return ("stream", "true");
    }

    private static IEnumerable<(string Name, string Value)> Headers(SampleCall call)
    {
        if (call.Key is { } key)
            yield return ("x-keypace-key", Uri.EscapeDataString(key));
        if (call.MaxWaitSeconds is { } wait)
            yield return ("x-keypace-max-wait", wait.ToString(CultureInfo.InvariantCulture));
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text, _json);
}
