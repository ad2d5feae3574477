namespace Keypace.Server.Web.Samples;

/// <param name="Language">As its tab says: curl, Python, JavaScript.</param>
public sealed record CodeSample(string Language, string Code);
