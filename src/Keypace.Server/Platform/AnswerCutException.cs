namespace Keypace.Server.Platform;

/// <summary>
/// An answer that broke when part of it had left. Thrown to the web server itself, which sends what was written and then closes the connection without
/// the end that a whole answer has; aborting the request would lose what was written last. No bug, and not logged.
/// </summary>
internal sealed class AnswerCutException() : Exception("The answer was cut off.");
