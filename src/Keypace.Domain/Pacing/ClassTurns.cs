using System.Runtime.CompilerServices;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Which class goes next: the highest that waits, but after <see cref="MostPassed"/> queries of higher classes have gone while a lower one
/// waited, one of that goes first. A value, so that what is to come can be played on a copy.
/// </summary>
internal struct ClassTurns
{
    /// <summary>Classes of <see cref="QueryClass"/>.</summary>
    public const int Classes = 3;

    /// <summary>So a class that waits gets at least every twenty-first permit.</summary>
    public const int MostPassed = 20;

    private PerClass _passed;

    /// <summary>The class that goes next; -1 when nobody waits.</summary>
    /// <param name="waiting">How many wait of each class.</param>
    public readonly int Next(in PerClass waiting)
    {
        for (var lower = 1; lower < Classes; lower++)
        {
            if (waiting[lower] > 0 && _passed[lower] >= MostPassed)
            {
                return lower;
            }
        }

        for (var i = 0; i < Classes; i++)
        {
            if (waiting[i] > 0)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>How many of the class that goes next go in a row.</summary>
    public readonly int Run(int next, in PerClass waiting)
    {
        if (_passed[next] >= MostPassed)
        {
            return 1;
        }

        var run = waiting[next];
        for (var lower = next + 1; lower < Classes; lower++)
        {
            run = waiting[lower] > 0 ? Math.Min(run, MostPassed - _passed[lower]) : run;
        }

        return run;
    }

    /// <summary>So many of a class went; <paramref name="waiting"/> as it was before.</summary>
    public void Went(int which, int count, in PerClass waiting)
    {
        _passed[which] = 0;
        for (var lower = which + 1; lower < Classes; lower++)
        {
            _passed[lower] += waiting[lower] > 0 ? count : 0;
        }
    }

    /// <summary>Nobody of the class waits any more.</summary>
    public void Emptied(int which) => _passed[which] = 0;

    /// <summary>One number for each class.</summary>
    [InlineArray(Classes)]
    internal struct PerClass
    {
        private int _first;
    }
}
