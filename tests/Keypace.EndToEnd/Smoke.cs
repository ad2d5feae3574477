namespace Keypace.EndToEnd;

public sealed class Smoke;
