using System.Runtime.Versioning;
using Keypace.Domain.Vault;

namespace Keypace.Tests.Server.MasterKey;

[UnsupportedOSPlatform("windows")]
public sealed class MasterKeysTests : IDisposable
{
    private readonly KekFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_key_is_made_once_for_a_new_store_and_found_again()
    {
        _folder.Environment["HOME"] = _folder.In("home");
        KekFolder.AssertRefused("kek_missing", _folder.Load());
        Assert.True(_folder.LoadOrCreate().TryGet(out var made, out _));
        Assert.True(made.WasCreated);
        Assert.Empty(made.Warnings);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(made.Place.Path!));
        Assert.Equal(KekFolder.Own | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(made.Place.Path!)!));

        Assert.True(_folder.Load().TryGet(out var found, out _));
        Assert.True(_folder.LoadOrCreate().TryGet(out var foundAgain, out _));
        Assert.False(found.WasCreated || foundAgain.WasCreated);
        Assert.Equal(made.Key.Id, found.Key.Id);
        var keys = VaultKeys.Create(made.Key, _folder.InstanceId, _folder.InstanceId, SecureRandom.Fill);
        Assert.True(VaultKeys.Unlock(found.Key, _folder.InstanceId, keys).TryGet(out _, out _));
    }

    [Fact]
    public void The_variable_opens_with_a_warning_and_is_not_made()
    {
        _folder.Environment["KEYPACE_KEK"] = KekFolder.KeyText();
        Assert.True(_folder.Load().TryGet(out var found, out _));
        Assert.Single(found.Warnings);
        Assert.DoesNotContain(_folder.Environment["KEYPACE_KEK"][30..60], found.Warnings[0] + found, StringComparison.Ordinal);
        _folder.Environment["KEYPACE_KEK"] += "x";
        KekFolder.AssertRefused("kek_malformed", _folder.Load());
        KekFolder.AssertRefused("kek_malformed", _folder.LoadOrCreate());
    }

    [Fact]
    public void Inside_the_data_folder_only_when_named_and_with_a_warning()
    {
        Directory.CreateDirectory(_folder.DataFolder);
        Directory.CreateSymbolicLink(_folder.In("way-in"), _folder.DataFolder);
        _folder.Environment["XDG_CONFIG_HOME"] = _folder.DataFolder;
        KekFolder.AssertRefused("kek_unsafe_file", _folder.LoadOrCreate());
        _folder.Environment["XDG_CONFIG_HOME"] = _folder.In("way-in");
        KekFolder.AssertRefused("kek_unsafe_file", _folder.LoadOrCreate());
        Assert.Empty(Directory.GetFileSystemEntries(_folder.DataFolder));

        foreach (var path in new[] { Path.Combine(_folder.DataFolder, "kek"), _folder.In("way-in", "deeper", "kek") })
        {
            Assert.True(_folder.LoadOrCreate(path).TryGet(out var found, out _));
            Assert.Contains("data folder", Assert.Single(found.Warnings), StringComparison.Ordinal);
        }

        Assert.True(_folder.LoadOrCreate(_folder.DataFolder + "-beside/kek").TryGet(out var beside, out _));
        Assert.Empty(beside.Warnings);
    }
}
