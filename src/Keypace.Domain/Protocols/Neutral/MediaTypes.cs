namespace Keypace.Domain.Protocols.Neutral;

/// <summary>Names of media types as callers write them.</summary>
internal static class MediaTypes
{
    /// <summary>In lower case, without parameters, and JPEG by its own name.</summary>
    public static string Named(string mediaType)
    {
        var name = mediaType.ToLowerInvariant().Split(';')[0].Trim();
        return name is "image/jpg" or "image/pjpeg" ? "image/jpeg" : name;
    }
}
