namespace Keypace.Server.Snapshots;

/// <summary>
/// Whose link opened a session: an access token's, or that of a member who was signed in already. The session may do no more than this, and ends with it.
/// </summary>
/// <param name="Kind"><see cref="AccessToken"/> or <see cref="OtherSession"/>.</param>
/// <param name="Id">The twelve characters that token or session are found by.</param>
internal readonly record struct SessionOpener(string Kind, string Id)
{
    public const string AccessToken = "token";
    public const string OtherSession = "session";

    /// <summary>As a row has it: <c>token:ID</c> or <c>session:ID</c>. Throws for what nobody of us wrote.</summary>
    public static SessionOpener Parse(string text) => text.Split(':') is [AccessToken or OtherSession, { Length: > 0 }] and var parts
        ? new SessionOpener(parts[0], parts[1])
        : throw new FormatException($"'{text}' names nothing that opens sessions.");

    public override string ToString() => $"{Kind}:{Id}";
}
