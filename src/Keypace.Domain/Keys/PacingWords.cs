using Keypace.Domain.Hubs;
using Keypace.Domain.Pacing;

namespace Keypace.Domain.Keys;

/// <summary>The words for how a key paces and for classes of queries, on the wire and in the store.</summary>
public static class PacingWords
{
    public static bool TryParseMode(string? word, out PacingHint mode)
    {
        (mode, var known) = word switch
        {
            "auto" => (PacingHint.Auto, true),
            "burst" => (PacingHint.Burst, true),
            "smooth" => (PacingHint.Smooth, true),
            _ => (PacingHint.Auto, false),
        };
        return known;
    }

    public static string Word(this PacingHint mode) => mode switch
    {
        PacingHint.Auto => "auto",
        PacingHint.Burst => "burst",
        PacingHint.Smooth => "smooth",
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };

    public static bool TryParseClass(string? word, out QueryClass queryClass)
    {
        (queryClass, var known) = word switch
        {
            "interactive" => (QueryClass.Interactive, true),
            "batch" => (QueryClass.Batch, true),
            "background" => (QueryClass.Background, true),
            _ => (QueryClass.Background, false),
        };
        return known;
    }

    public static string Word(this QueryClass queryClass) => queryClass switch
    {
        QueryClass.Interactive => "interactive",
        QueryClass.Batch => "batch",
        QueryClass.Background => "background",
        _ => throw new ArgumentOutOfRangeException(nameof(queryClass)),
    };
}
