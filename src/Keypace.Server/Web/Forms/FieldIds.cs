using System.Globalization;

namespace Keypace.Server.Web.Forms;

/// <summary>Ids that tie labels, hints and errors to their fields. Unique in the process, so also in a page.</summary>
internal static class FieldIds
{
    private static int s_last;

    public static string Next() => "f" + Interlocked.Increment(ref s_last).ToString(CultureInfo.InvariantCulture);
}
