using System.Runtime.CompilerServices;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Which class goes next: the highest that waits, but a lower one that waits gets at least every twenty-first permit. When two lower ones would
/// come due together, the first of them goes one earlier. A value, so that what is to come can be played on a copy.
/// </summary>
internal struct ClassTurns
{
    /// <summary>Classes of <see cref="QueryClass"/>.</summary>
    public const int Classes = 3;

    /// <summary>Permits of others that may go while a lower class waits.</summary>
    public const int MostPassed = 20;

    private PerClass _passed;

    /// <summary>The class that goes next; -1 when nobody waits.</summary>
    /// <param name="waiting">How many wait of each class.</param>
    public readonly int Next(in PerClass waiting)
    {
        if (Due(waiting) is > 0 and var due)
            return due;

        for (var i = 0; i < Classes; i++)
        {
            if (waiting[i] > 0)
                return i;
        }

        return -1;
    }

    /// <summary>How many of the class that goes next go in a row.</summary>
    public readonly int Run(int next, in PerClass waiting)
    {
        if (Due(waiting) > 0)
            return 1;

        var (run, least, lower) = (waiting[next], MostPassed, 0);
        for (var other = 1; other < Classes; other++)
        {
            if (other != next && waiting[other] > 0)
            {
                run = Math.Min(run, MostPassed - _passed[other]);
                (least, lower) = (Math.Min(least, _passed[other]), lower + 1);
            }
        }

        return lower > 1 ? Math.Min(run, MostPassed - 1 - least) : run;
    }

    /// <summary>So many of a class went; <paramref name="waiting"/> as it was before.</summary>
    public void Went(int which, int count, in PerClass waiting)
    {
        _passed[which] = 0;
        for (var other = 1; other < Classes; other++)
            _passed[other] += other != which && waiting[other] > 0 ? count : 0;
    }

    /// <summary>Nobody of the class waits any more.</summary>
    public void Emptied(int which) => _passed[which] = 0;

    /// <summary>The lower class that must go now; 0 when none must.</summary>
    private readonly int Due(in PerClass waiting)
    {
        var (batch, background) = (waiting[1] > 0 ? _passed[1] : -1, waiting[2] > 0 ? _passed[2] : -1);
        return Math.Max(batch, background) < MostPassed && Math.Min(batch, background) < MostPassed - 1 ? 0
            : batch >= background ? 1
            : 2;
    }

    /// <summary>One number for each class.</summary>
    [InlineArray(Classes)]
    internal struct PerClass
    {
        private int _first;
    }
}
