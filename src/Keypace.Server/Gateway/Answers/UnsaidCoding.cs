namespace Keypace.Server.Gateway.Answers;

/// <summary>Bodies that are compressed although nothing says so: by their answer they are text, by their first bytes they are not. Brotli has no such bytes.</summary>
internal static class UnsaidCoding
{
    /// <param name="start">The first piece of the body.</param>
    /// <exception cref="UndecodableAnswerException">It is one.</exception>
    public static void Refuse(HttpContent content, ReadOnlySpan<byte> start)
    {
        if (start is [0x1f, 0x8b, 0x08, ..] or [0x28, 0xb5, 0x2f, 0xfd, ..] or [0x78, 0x01 or 0x9c or 0xda, ..] && IsText(content.Headers.ContentType?.MediaType))
            throw new UndecodableAnswerException("its Content-Type says that it is text, and it is compressed without a Content-Encoding");
    }

    /// <summary>Files, sound and pictures are what they are.</summary>
    private static bool IsText(string? type) =>
        type is null || type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || type.Contains("json", StringComparison.OrdinalIgnoreCase);
}
