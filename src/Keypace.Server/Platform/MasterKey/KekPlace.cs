using Keypace.Domain;

namespace Keypace.Server.Platform.MasterKey;

/// <summary>Which of the sources holds the key-encryption key.</summary>
internal enum KekSource
{
    /// <summary><c>--kek-file</c>.</summary>
    Option,

    /// <summary>The file that <c>KEYPACE_KEK_FILE</c> names.</summary>
    FileVariable,

    /// <summary><c>$CREDENTIALS_DIRECTORY/keypace-kek</c>, which systemd provides.</summary>
    SystemdCredential,

    /// <summary>The text in <c>KEYPACE_KEK</c>.</summary>
    TextVariable,

    /// <summary>The file in the person's configuration folder.</summary>
    Default,
}

/// <summary>Where the key-encryption key is, or would be made.</summary>
/// <param name="Path">Full path of the file; null for <see cref="KekSource.TextVariable"/>.</param>
internal sealed record KekPlace(KekSource Source, string? Path)
{
    public const string FileVariable = "KEYPACE_KEK_FILE";
    public const string TextVariable = "KEYPACE_KEK";
    public const string CredentialName = "keypace-kek";

    /// <summary>For sentences: <c>the file /etc/keypace.kek</c>.</summary>
    public string Spoken => Path is null ? $"the variable {TextVariable}" : $"the file {Path}";

    /// <summary>A person wrote this path down, and may have meant it even where it is unwise.</summary>
    public bool IsNamed => Source is KekSource.Option or KekSource.FileVariable;

    /// <summary>
    /// The first source that is there decides, even when what it names is missing or broken: falling through to the next would silently
    /// open with another key, or make one. Empty variables count as not set.
    /// </summary>
    public static Outcome<KekPlace> Find(KekQuestion question)
    {
        string? Variable(string name) => question.Environment(name) is { Length: > 0 } value ? value : null;

        if (question.KekFile is { } option)
            return Named(KekSource.Option, option);
        if (Variable(FileVariable) is { } file)
            return Named(KekSource.FileVariable, file);
        // systemd sets the folder for any credential of the unit, so only the file says that this one is meant.
        if (Variable("CREDENTIALS_DIRECTORY") is { } folder
            && System.IO.Path.GetFullPath(CredentialName, System.IO.Path.GetFullPath(folder)) is var credential
            && FileFacts.Of(credential) is not null)
        {
            return new KekPlace(KekSource.SystemdCredential, credential);
        }

        if (Variable(TextVariable) is not null)
            return new KekPlace(KekSource.TextVariable, null);

        var configuration = Variable("XDG_CONFIG_HOME") is { } xdg && System.IO.Path.IsPathFullyQualified(xdg)
            ? xdg   // the XDG specification has relative values ignored
            : Variable("HOME") is { } home ? System.IO.Path.Combine(home, ".config") : null;
        if (configuration is null)
        {
            return new Refusal(
                RefusalReason.Unavailable,
                "kek_missing",
                $"There is no home folder to look for the key-encryption key in. Name its file with --kek-file or {FileVariable}.");
        }

        return new KekPlace(KekSource.Default, System.IO.Path.Combine(configuration, "keypace", $"{question.InstanceId:D}.kek"));
    }

    private static Outcome<KekPlace> Named(KekSource source, string path)
    {
        if (!string.IsNullOrWhiteSpace(path) && !path.Contains('\0', StringComparison.Ordinal))
            return new KekPlace(source, System.IO.Path.GetFullPath(path));
        return new Refusal(
            RefusalReason.Unavailable, "kek_missing", "The name of the key-encryption key's file is empty. Give the path of a file.");
    }
}
