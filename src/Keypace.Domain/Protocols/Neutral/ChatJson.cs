using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>How JSON is read and written on both sides of a translation.</summary>
internal static class ChatJson
{
    /// <summary>Both sides read JSON, not HTML: text stays readable and as short as it was.</summary>
    public static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A member twice could mean one thing here and another there, so it is no JSON for us.</summary>
    public static readonly JsonDocumentOptions Strict = new() { MaxDepth = 128, AllowDuplicateProperties = false };
}
