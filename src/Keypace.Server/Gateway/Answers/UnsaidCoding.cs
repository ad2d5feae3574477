namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Bodies that are compressed, or in a wide charset, although nothing says so: by their answer they are text, by their first bytes none that can be looked
/// into. Brotli has no such bytes.
/// </summary>
internal static class UnsaidCoding
{
    /// <param name="start">The first piece of the body.</param>
    /// <exception cref="UndecodableAnswerException">It is one.</exception>
    public static void Refuse(HttpContent content, ReadOnlySpan<byte> start)
    {
        var type = content.Headers.ContentType?.MediaType;
        if (!IsText(type))
            return;
        if (AnswerCharset.BeginsWide(start, isSaidToBeText: type is not null))
            throw new UndecodableAnswerException("its Content-Type says that it is text, and it begins as text in UTF-16, UTF-32 or UTF-7, which is not known here; UTF-8 is");
        if (start is [0x1f, 0x8b, 0x08, ..] or [0x28, 0xb5, 0x2f, 0xfd, ..] or [0x78, 0x01 or 0x9c or 0xda, ..])
            throw new UndecodableAnswerException("its Content-Type says that it is text, and it is compressed without a Content-Encoding");
    }

    /// <summary>Files, sound and pictures are what they are.</summary>
    private static bool IsText(string? type) =>
        type is null || type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || type.Contains("json", StringComparison.OrdinalIgnoreCase);
}
