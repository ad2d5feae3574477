namespace Keypace.Domain.Pacing;

/// <summary>
/// How a limit that refusals have lowered comes back. One that a storm of refusals lowered is whole after two clean windows: one query more
/// first, then all of it. One that was refused again at the same height is the hub's own: there one query asks after ten clean windows.
/// </summary>
internal sealed class WayBack
{
    /// <summary>Clean windows between two questions whether a limit that was found twice still holds.</summary>
    public const int Hold = 10;

    /// <summary>Refusals in a row after which what was counted is not what the hub counts.</summary>
    private const int MostTrusted = 4;

    private int _safe;          // the height that was clean before the last raise
    private int _found;         // the height at which the last refusals ended; 0: none did
    private int _step;
    private int _raises;        // since the last refusal, one after the other
    private int _clean;         // windows since the last refusal
    private int _again;         // times that what was lowered was refused again at once
    private int _floor;         // how low what is still to come from the same burst may bring it
    private bool _staysFound;

    /// <summary>Higher than what is known to be clean.</summary>
    public bool IsAsking { get; private set; }

    /// <summary>The whole limit was asked for at once: what went wrong then may be the limit's fault or that of the bursts.</summary>
    public bool IsLeaping { get; private set; }

    /// <summary>Refused twice at the same height.</summary>
    public bool IsFound { get; private set; }

    /// <summary>The height that is kept (<see cref="LearnedLimit"/>).</summary>
    public int Found => _found;

    /// <summary>A query was refused at this height. The height from now on, always lower unless it is 1.</summary>
    /// <param name="accepted">How many the hub took in the window before it, as far as known; null: not at all.</param>
    public int Refused(int height, int? accepted)
    {
        _again = IsAsking || _clean > 0 ? 0 : _again + 1;
        _staysFound = IsFound && IsAsking;
        _floor = IsAsking ? Math.Min(_safe, height - 1) : height / 2;
        var lower = accepted ?? (IsAsking ? _safe : height * 4 / 5);
        lower = _again >= MostTrusted ? Math.Min(lower, height * 4 / 5) : lower;
        (_clean, _raises, _step, IsAsking, IsLeaping) = (0, -1, 1, false, false);
        return Math.Max(1, Math.Clamp(lower, _floor, height - 1));
    }

    /// <summary>Another answer to what was sent before the height became this.</summary>
    public int RefusedToo(int height, int? accepted)
    {
        _clean = 0;
        return Math.Max(1, Math.Clamp(accepted ?? height, Math.Min(_floor, height), height));
    }

    /// <summary>A window went by without a refusal. The height from now on.</summary>
    /// <param name="isTried">As many as this height allows were taken in one window.</param>
    public int Clean(int height, int most, bool isTried)
    {
        if (++_clean == 1 && _raises < 0)
        {
            IsFound = _staysFound || (_found > 0 && Math.Abs(height - _found) <= Math.Max(2, height / 10));
            (_found, _raises) = (height, 0);
        }

        if (height >= most)
        {
            (IsAsking, IsLeaping) = (IsAsking && _clean < 2, IsLeaping && _clean < 2);
            if (_clean >= Hold)
                (_found, IsFound) = (0, false);

            return height;
        }

        if (IsFound && (_clean <= Hold || (IsAsking && !isTried)))
            return height;

        IsLeaping = !IsFound && IsAsking;
        _step = IsFound && _raises >= 3 ? Math.Min(_step * 2, most) : 1;   // the first few find an estimate's last units
        (_safe, _raises, IsAsking) = (height, _raises + 1, true);
        return IsLeaping ? most : (int)Math.Min(most, (long)height + _step);
    }

    /// <summary>What was learned before this process.</summary>
    public void Recall(int found, bool isFound) => (_found, IsFound) = (found, isFound);

    public void Forget() => (_found, _clean, _raises, IsAsking, IsLeaping, IsFound) = (0, 0, 0, false, false, false);
}
