using System.Runtime.Versioning;
using Keypace.Domain.Vault;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Tests.Server.MasterKey;

[UnsupportedOSPlatform("windows")]
public sealed class KekFileTests : IDisposable
{
    private readonly KekFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0400", true)]
    [InlineData("0600", true)]
    [InlineData("0440", false)]
    [InlineData("0604", false)]
    [InlineData("0620", false)]
    [InlineData("0602", false)]
    [InlineData("0700", false)]
    [InlineData("4600", false)]
    public void A_file_wider_than_0600_is_refused(string octal, bool accepted)
    {
        var path = _folder.Write("kek", KekFolder.KeyText(), (UnixFileMode)Convert.ToInt32(octal, 8));
        var outcome = _folder.Load(path);
        if (accepted)
            Assert.True(outcome.TryGet(out _, out _));
        else
            KekFolder.AssertRefused("kek_unsafe_file", outcome);
    }

    [Fact]
    public void A_systemd_credential_may_be_readable_by_the_group_that_its_access_list_shows_as()
    {
        _folder.Environment["CREDENTIALS_DIRECTORY"] = _folder.Path;
        var path = _folder.Write("keypace-kek", KekFolder.KeyText(), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.True(_folder.Load().TryGet(out var found, out _));
        Assert.Equal(KekSource.SystemdCredential, found.Place.Source);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        KekFolder.AssertRefused("kek_unsafe_file", _folder.Load());
    }

    [Fact]
    public void A_link_a_folder_and_a_pipe_are_refused()
    {
        var real = _folder.Write("real", KekFolder.KeyText());
        var link = _folder.In("link");
        File.CreateSymbolicLink(link, real);
        Assert.Contains("is a link", KekFolder.AssertRefused("kek_unsafe_file", _folder.Load(link)).Detail, StringComparison.Ordinal);
        File.CreateSymbolicLink(_folder.In("dangling"), _folder.In("nothing"));
        KekFolder.AssertRefused("kek_unsafe_file", _folder.LoadOrCreate(_folder.In("dangling")));
        Assert.False(File.Exists(_folder.In("nothing")));
        KekFolder.AssertRefused("kek_unsafe_file", _folder.Load(_folder.Path));
        KekFolder.Run("mkfifo", _folder.In("pipe"));
        KekFolder.AssertRefused("kek_unsafe_file", _folder.Load(_folder.In("pipe")));
    }

    [Fact]
    public void A_file_of_another_user_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the owner is not known.");
        var path = "/etc/passwd";   // root's, where the tests do not run as root
        if (FileFacts.OwnId == 0)
        {
            path = _folder.Write("kek", KekFolder.KeyText());
            KekFolder.Run("chown", "65534", path);
        }

        var refusal = KekFolder.AssertRefused("kek_unsafe_file", _folder.Load(path));
        Assert.Contains("another user", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_contents_are_refused_and_left_alone()
    {
        var text = KekFolder.KeyText();
        var newer = text.Replace("kek-1", "kek-2", StringComparison.Ordinal);
        foreach (var broken in new[] { "", "x", text[..^1], text + "\n\n", text + "x", newer, new string('x', 100_000) })
        {
            var path = _folder.Write("broken", broken);
            KekFolder.AssertRefused("kek_malformed", _folder.Load(path), text);
            KekFolder.AssertRefused("kek_malformed", _folder.LoadOrCreate(path), text);
            Assert.Equal(broken, File.ReadAllText(path));
            File.Delete(path);
        }
    }

    [Fact]
    public void An_existing_file_is_never_overwritten()
    {
        var path = _folder.Write("kek", "mine");
        using var key = KeyEncryptionKey.Create(SecureRandom.Fill);
        Assert.False(KekFile.Create(new KekPlace(KekSource.Option, path), key).TryGet(out _, out var refusal));
        Assert.Equal("kek_exists", refusal.Code);
        Assert.Equal("mine", File.ReadAllText(path));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        var file = _folder.Write("file", "x");
        KekFolder.AssertRefused("kek_missing", _folder.Load(Path.Combine(file, "kek")));
        var refusal = KekFolder.AssertRefused("kek_not_written", _folder.LoadOrCreate(Path.Combine(file, "kek")));
        Assert.Contains(file, refusal.Detail, StringComparison.Ordinal);
    }
}
