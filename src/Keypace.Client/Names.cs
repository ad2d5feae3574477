using System.Text;

namespace Keypace.Client;

/// <summary>Names are compared as the server does: by Unicode's composed form, without regard to case.</summary>
internal static class Names
{
    public static bool Same(string left, string right) =>
        string.Equals(Folded(left), Folded(right), StringComparison.Ordinal);

    /// <summary>The one with that id, else the one with that name, else null. An id wins, so a name that looks like one cannot hide it.</summary>
    public static T? Find<T>(IReadOnlyList<T> all, string nameOrId, Func<T, string> id, Func<T, string> name)
        where T : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrId);
        return all.FirstOrDefault(one => string.Equals(id(one), nameOrId, StringComparison.OrdinalIgnoreCase))
            ?? all.FirstOrDefault(one => Same(name(one), nameOrId));
    }

    private static string Folded(string name)
    {
        try
        {
            return name.Trim().Normalize(NormalizationForm.FormC).ToUpperInvariant();
        }
        catch (ArgumentException)
        {
            return name;   // half a surrogate pair: no stored name has one, so it equals none
        }
    }
}
