using System.Text;

namespace Keypace.EndToEnd;

/// <summary>Secrets that are none, and the search for them in every form that they could leak in.</summary>
internal static class Secrets
{
    private static int _made;

    /// <summary>With characters that look different in a URL and in JSON.</summary>
    public const string Odd = "sk-test/not+a=real&key\"0002<Zq>end";

    /// <summary>
    /// One for each hub: keys with the same secret at the same address would share a limit, and ports come back. The word <c>made</c> keeps it from ever
    /// being one of the secrets that tests write out.
    /// </summary>
    public static string New() => $"sk-test-not-a-real-key-made-{Interlocked.Increment(ref _made):0000}";

    /// <summary>The forms in which <paramref name="secret"/> is found in <paramref name="haystack"/>; none is what one wants.</summary>
    public static IReadOnlyList<string> FormsIn(ReadOnlySpan<byte> haystack, string secret)
    {
        var found = new List<string>();
        foreach (var (form, needle) in Forms(secret))
        {
            if (haystack.IndexOf(needle) >= 0)
                found.Add(form);
        }

        return found;
    }

    public static void MustBeAbsent(string text, string secret, string where) =>
        Assert.True(FormsIn(Encoding.UTF8.GetBytes(text), secret) is [], $"The secret is in {where}: {string.Join(", ", FormsIn(Encoding.UTF8.GetBytes(text), secret))}");

    public static void MustBeAbsentFromFiles(string folder, string secret)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            var forms = FormsIn(copy.GetBuffer().AsSpan(0, (int)copy.Length), secret);
            Assert.True(forms is [], $"The secret is in {file}: {string.Join(", ", forms)}");
        }
    }

    private static IEnumerable<(string Form, byte[] Needle)> Forms(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return ("plain", bytes);
        yield return ("UTF-16", Encoding.Unicode.GetBytes(secret));
        yield return ("reversed", [.. bytes.Reverse()]);
        yield return ("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)));
        yield return ("HEX", Encoding.ASCII.GetBytes(Convert.ToHexString(bytes)));
        yield return ("URL", Encoding.ASCII.GetBytes(Uri.EscapeDataString(secret)));
        yield return ("JSON", Encoding.UTF8.GetBytes(System.Text.Json.JsonEncodedText.Encode(secret).ToString()));
        for (var shift = 0; shift < 3; shift++)
        {
            // Base64 depends on where in a longer text the secret starts; the characters at both ends mix with their neighbours.
            var padded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
            var inner = padded[(shift == 0 ? 0 : 4)..(padded.TrimEnd('=').Length / 4 * 4)];
            yield return ($"base64+{shift}", Encoding.ASCII.GetBytes(inner));
            yield return ($"base64url+{shift}", Encoding.ASCII.GetBytes(inner.Replace('+', '-').Replace('/', '_')));
        }
    }
}
