using System.Text.Json;

namespace Keypace.Demo;

/// <summary>What the pretend hub understands of a request body.</summary>
internal readonly record struct HubQuery(string? Model, string? Caller, bool Stream, bool WithUsage, int Generations, int Inputs, bool Base64)
{
    public static HubQuery Read(byte[] body)
    {
        string? model = null, caller = null;
        bool stream = false, withUsage = false, base64 = false;
        int generations = 1, inputs = 1;
        if (body.Length == 0 || body[0] != (byte)'{')
            return default;

        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "model": model = member.Value.GetString(); break;
                    case "user": caller = member.Value.GetString(); break;
                    case "stream": stream = member.Value.ValueKind == JsonValueKind.True; break;
                    case "encoding_format": base64 = member.Value.ValueEquals("base64"); break;
                    case "n": generations = member.Value.TryGetInt32(out var n) ? n : 1; break;
                    case "input": inputs = member.Value.ValueKind == JsonValueKind.Array ? member.Value.GetArrayLength() : 1; break;
                    case "stream_options":
                        withUsage = member.Value.TryGetProperty("include_usage", out var usage) && usage.ValueKind == JsonValueKind.True;
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return default;
        }

        return new HubQuery(model, caller, stream, withUsage, generations, inputs, base64);
    }
}
