namespace Keypace.Client;

/// <summary>The .NET client.</summary>
public sealed class KeypaceClient;
