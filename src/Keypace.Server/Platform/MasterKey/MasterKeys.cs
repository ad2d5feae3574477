using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Vault;

namespace Keypace.Server.Platform.MasterKey;

/// <summary>The key-encryption key, where it was found, and what the person should hear about that place.</summary>
/// <param name="WasCreated">True where it was made just now: the person is to be told to keep a copy.</param>
/// <param name="Warnings">Sentences for the log and the terminal; none holds the key.</param>
internal sealed record FoundKek(KeyEncryptionKey Key, KekPlace Place, bool WasCreated, IReadOnlyList<string> Warnings);

/// <summary>
/// Finds the key-encryption key at start. Refusals: <c>kek_missing</c>, <c>kek_malformed</c>, <c>kek_unsafe_file</c>,
/// <c>kek_unreadable</c>; when making one also <c>kek_exists</c> and <c>kek_not_written</c>. Whether it fits the store, only opening the
/// store's keys tells.
/// </summary>
internal static class MasterKeys
{
    /// <summary>For a store that exists: a missing key is refused, never made anew, for a new one could open nothing.</summary>
    public static Outcome<FoundKek> Load(KekQuestion question)
    {
        if (!KekPlace.Find(question).TryGet(out var place, out var refusal)
            || !WarningsAbout(place, question).TryGet(out var warnings, out refusal))
        {
            return refusal;
        }

        return Read(place, question).TryGet(out var key, out refusal) ? new FoundKek(key, place, WasCreated: false, warnings) : refusal;
    }

    /// <summary>For a store that is just being made: takes the key that is there, or makes one where only its file is missing.</summary>
    public static Outcome<FoundKek> LoadOrCreate(KekQuestion question, RandomBytes random)
    {
        if (!KekPlace.Find(question).TryGet(out var place, out var refusal)
            || !WarningsAbout(place, question).TryGet(out var warnings, out refusal))
        {
            return refusal;
        }

        if (Read(place, question).TryGet(out var key, out refusal))
            return new FoundKek(key, place, WasCreated: false, warnings);
        if (!KekFile.IsMissing(place))
            return refusal;

        key = KeyEncryptionKey.Create(random);
        if (KekFile.Create(place, key).TryGet(out _, out refusal))
            return new FoundKek(key, place, WasCreated: true, warnings);
        key.Dispose();
        return refusal;
    }

    private static Outcome<KeyEncryptionKey> Read(KekPlace place, KekQuestion question)
    {
        if (place.Path is not null)
            return KekFile.Read(place);
        var text = Encoding.UTF8.GetBytes(question.Environment(KekPlace.TextVariable)!);
        var key = KekText.Parse(text, place.Spoken);
        CryptographicOperations.ZeroMemory(text);
        return key;
    }

    private static Outcome<IReadOnlyList<string>> WarningsAbout(KekPlace place, KekQuestion question)
    {
        if (place.Path is null)
            return Warn($"The key-encryption key is in {KekPlace.TextVariable}, which every program started from here can read. A file is safer.");
        if (!LiesIn(question.DataFolder, place.Path))
            return Warn();
        if (place.IsNamed)
            return Warn($"The key-encryption key {place.Path} lies in the data folder: whoever copies the folder has the secrets too.");
        return new Refusal(
            RefusalReason.Unavailable,
            "kek_unsafe_file",
            $"The key-encryption key would lie in the data folder, at {place.Path}. Name a place outside with --kek-file, or that one if meant.");
    }

    private static Outcome<IReadOnlyList<string>> Warn(params string[] warnings) => warnings;

    private static bool LiesIn(string folder, string path)
    {
        // The file's own folder is resolved, not the file: a link as the file is refused elsewhere, with its own sentence.
        var outer = Path.TrimEndingDirectorySeparator(LibC.RealPath(folder)) + Path.DirectorySeparatorChar;
        var inner = LibC.RealPath(Path.GetDirectoryName(path)!);
        return (Path.TrimEndingDirectorySeparator(inner) + Path.DirectorySeparatorChar).StartsWith(outer, StringComparison.Ordinal);
    }
}
