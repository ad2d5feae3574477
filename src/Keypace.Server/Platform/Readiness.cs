namespace Keypace.Server.Platform;

/// <summary>Whether it may take queries, and if not, why. Asked by probes every few seconds, so each check is cheap.</summary>
internal sealed class Readiness
{
    private readonly List<(Func<bool> IsFine, string Otherwise)> _checks = [];

    /// <summary>Before the server starts; the sentence goes on "It does not take queries: …".</summary>
    public void Add(Func<bool> isFine, string otherwise) => _checks.Add((isFine, otherwise));

    /// <summary>Null when nothing is missing.</summary>
    public string? WhatIsMissing()
    {
        foreach (var (isFine, otherwise) in _checks)
        {
            if (!isFine())
                return otherwise;
        }

        return null;
    }
}
