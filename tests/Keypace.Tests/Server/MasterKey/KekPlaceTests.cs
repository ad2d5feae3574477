using System.Runtime.Versioning;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Tests.Server.MasterKey;

[UnsupportedOSPlatform("windows")]
public sealed class KekPlaceTests : IDisposable
{
    private readonly KekFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_sources_are_asked_in_their_order()
    {
        _folder.Environment["HOME"] = _folder.In("home");
        Assert.Equal((KekSource.Default, _folder.In("home", ".config", "keypace", $"{_folder.InstanceId}.kek")), Place());
        _folder.Environment["XDG_CONFIG_HOME"] = "relative/is/ignored";
        Assert.Equal(KekSource.Default, Place().Source);
        _folder.Environment["XDG_CONFIG_HOME"] = _folder.In("xdg");
        Assert.Equal((KekSource.Default, _folder.In("xdg", "keypace", $"{_folder.InstanceId}.kek")), Place());
        _folder.Environment["KEYPACE_KEK"] = "";
        Assert.Equal(KekSource.Default, Place().Source);
        _folder.Environment["KEYPACE_KEK"] = "x";
        Assert.Equal((KekSource.TextVariable, null), Place());
        _folder.Environment["CREDENTIALS_DIRECTORY"] = _folder.Path;   // of another credential
        Assert.Equal(KekSource.TextVariable, Place().Source);
        var credential = _folder.Write("keypace-kek", "anything");
        Assert.Equal((KekSource.SystemdCredential, credential), Place());
        _folder.Environment["KEYPACE_KEK_FILE"] = _folder.In("named");
        Assert.Equal((KekSource.FileVariable, _folder.In("named")), Place());
        Assert.Equal((KekSource.Option, _folder.In("option")), Place(_folder.In("option")));
    }

    [Fact]
    public void Without_any_source_the_sentence_says_what_to_set()
    {
        KekFolder.AssertRefused("kek_missing", _folder.Load());
        KekFolder.AssertRefused("kek_missing", _folder.Load(""));
    }

    [Fact]
    public void A_named_file_that_is_missing_is_not_replaced_by_the_next_source()
    {
        _folder.Environment["KEYPACE_KEK"] = KekFolder.KeyText();
        _folder.Environment["KEYPACE_KEK_FILE"] = _folder.In("missing");
        KekFolder.AssertRefused("kek_missing", _folder.Load());
        KekFolder.AssertRefused("kek_missing", _folder.Load(_folder.In("no", "such", "folder")));
    }

    private (KekSource Source, string? Path) Place(string? option = null)
    {
        Assert.True(KekPlace.Find(_folder.Question(option)).TryGet(out var place, out var refusal), refusal?.Detail);
        return (place.Source, place.Path);
    }
}
