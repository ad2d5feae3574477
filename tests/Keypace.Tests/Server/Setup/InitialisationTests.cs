using Keypace.Domain.Access;
using Keypace.Server;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Platform;
using Keypace.Server.Storage;
using Keypace.Tests.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Setup;

public sealed class InitialisationTests : IDisposable
{
    // What a process gives: passwords are hashed at full cost.
    private readonly TestFolder _folder = new() { Passwords = Surroundings.OfProcess().Passwords };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_with_an_owner_has_all_that_a_first_query_needs()
    {
        Assert.Equal(ExitCodes.Done, await _folder.InitAsync(_folder.OwnerOptions));

        var token = (await File.ReadAllTextAsync(_folder.In("token"), Ct)).TrimEnd('\n');
        Assert.Equal(DataFolder.FileMode, TestFolder.ModeOf(_folder.In("token")));
        Assert.True(AccessTokenText.TryParse(token, out var kind, out var id));
        Assert.Equal(TokenKind.Access, kind);

        await using var opened = _folder.Open();
        Assert.True(opened.IsClaimed);
        using var db = opened.Store.Read();
        Assert.Equal("Default", (await db.Teams.SingleAsync(Ct)).Name);
        var owner = await db.Members.SingleAsync(Ct);
        Assert.Equal(("ada@example.org", "owner"), (owner.Email, owner.Role));
        Assert.True(await _folder.Passwords.VerifyAsync(owner.PasswordHash, TestFolder.Password, Ct));
        Assert.False(await _folder.Passwords.VerifyAsync(owner.PasswordHash, TestFolder.Password + "\n", Ct));
        // The format's marker, then the hash function (2: SHA-512) and the iterations.
        var hash = Convert.FromBase64String(owner.PasswordHash!);
        Assert.Equal([1, 0, 0, 0, 2, 0, 3, 0x34, 0x50], hash[..9]);
        var row = await db.AccessTokens.SingleAsync(Ct);
        Assert.Equal((id.ToString(), "admin", "manage query"), (row.Id, row.Role, row.Scopes));
        Assert.Equal(_folder.Time.GetUtcNow().AddDays(90).ToUnixTimeMilliseconds(), row.ExpiresAt);
        Assert.True(opened.Vault.TokenMatches(token, row.Digest));
        Assert.Equal(["team", "member", "access_token"], await db.Audit.OrderBy(one => one.Id).Select(one => one.Subject).ToListAsync(Ct));
        Assert.All(await db.Audit.ToListAsync(Ct), one => Assert.Equal("command line", one.From));
    }

    [Fact]
    public async Task Neither_password_nor_token_nor_key_is_printed_or_stored()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        var token = (await File.ReadAllTextAsync(_folder.In("token"), Ct)).Trim();
        var kek = (await File.ReadAllTextAsync(_folder.Kek, Ct)).Split(':')[2];
        var everything = _folder.Output.ToString() + _folder.Errors + string.Concat(
            Directory.EnumerateFiles(_folder.Data.Path).Select(file => System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        Assert.DoesNotContain(token[17..], everything, StringComparison.Ordinal);
        Assert.DoesNotContain(TestFolder.Password, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(kek, everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_owner_the_store_waits_for_one()
    {
        Assert.Equal(ExitCodes.Done, await _folder.InitAsync());
        await using var opened = _folder.Open();
        Assert.False(opened.IsClaimed);
    }

    [Fact]
    public async Task A_folder_with_a_store_is_left_as_it_is()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        var before = _folder.Picture();
        Assert.Equal(ExitCodes.Refused, await _folder.InitAsync(_folder.OwnerOptions with { TokenFile = _folder.In("other"), KekFile = _folder.In("other.kek") }));
        Assert.Equal(before, _folder.Picture());
        Assert.False(File.Exists(_folder.In("other")));
        Assert.False(File.Exists(_folder.In("other.kek")));
    }

    [Fact]
    public async Task A_folder_that_runs_or_holds_other_things_is_left_as_it_is()
    {
        await _folder.InitAsync();
        await using (_folder.Open())
            Assert.Equal(ExitCodes.Refused, await _folder.InitAsync());

        using var other = new TestFolder();
        other.Data.Create();
        await File.WriteAllTextAsync(Path.Combine(other.Data.Path, "thesis.tex"), "x", Ct);
        Assert.Equal(ExitCodes.Refused, await other.InitAsync());
        Assert.Equal(["thesis.tex"], Directory.EnumerateFileSystemEntries(other.Data.Path).Select(Path.GetFileName));
        Assert.False(File.Exists(other.Kek));
    }

    [Fact]
    public async Task Settings_may_lie_in_the_folder_already_and_an_interrupted_start_is_cleared()
    {
        _folder.Data.Create();
        await File.WriteAllTextAsync(_folder.Data.Settings, "{}", Ct);
        await File.WriteAllTextAsync(_folder.Data.UnfinishedStore, "half a store", Ct);
        Assert.Equal(ExitCodes.Done, await _folder.InitAsync());
        Assert.False(File.Exists(_folder.Data.UnfinishedStore));
    }

    [Theory]
    [InlineData("token is there")]
    [InlineData("token cannot be written")]
    [InlineData("key cannot be written")]
    [InlineData("key is no key")]
    public async Task A_start_that_fails_leaves_nothing_behind(string why)
    {
        var options = _folder.OwnerOptions;
        switch (why)
        {
            case "token is there":
                await File.WriteAllTextAsync(_folder.In("token"), "mine", Ct);
                break;
            case "token cannot be written":
                options = options with { TokenFile = _folder.In("nowhere/token") };
                break;
            case "key cannot be written":
                options = options with { KekFile = _folder.In("password/kek") };   // a file, so no folder
                break;
            default:
                await File.WriteAllTextAsync(_folder.Kek, "no key", Ct);
                break;
        }

        var before = Directory.EnumerateFileSystemEntries(_folder.Root, "*", SearchOption.AllDirectories).Order().ToArray();
        Assert.Equal(ExitCodes.Refused, await _folder.InitAsync(options));
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_folder.Root, "*", SearchOption.AllDirectories).Order());
        Assert.NotEmpty(_folder.Errors.ToString());
    }

    [Theory]
    [InlineData(14)]
    [InlineData(129)]
    public async Task Passwords_too_short_or_too_long_are_wrong_usage(int characters)
    {
        await File.WriteAllTextAsync(_folder.In("password"), new string('é', characters) + "\n", Ct);
        Assert.Equal(ExitCodes.WrongUsage, await _folder.InitAsync(_folder.OwnerOptions));
        Assert.False(Directory.Exists(_folder.Data.Path));
    }

    [Fact]
    public async Task A_token_needs_no_owner_yet()
    {
        Assert.Equal(ExitCodes.Done, await _folder.InitAsync(_folder.OwnerOptions with { OwnerEmail = null, PasswordFile = null }));

        var token = (await File.ReadAllTextAsync(_folder.OwnerOptions.TokenFile!, TestContext.Current.CancellationToken)).Trim();
        Assert.True(Keypace.Domain.Access.AccessTokenText.TryParse(token, out _, out _));
    }

    [Fact]
    public async Task What_only_an_owner_needs_is_refused_without_one()
    {
        Assert.Equal(ExitCodes.WrongUsage, await _folder.InitAsync(_folder.OwnerOptions with { OwnerEmail = null }));
        Assert.Equal(ExitCodes.WrongUsage, await _folder.InitAsync(_folder.OwnerOptions with { PasswordFile = null }));
        Assert.Equal(ExitCodes.WrongUsage, await _folder.InitAsync(_folder.OwnerOptions with { OwnerEmail = "nobody" }));
        Assert.False(Directory.Exists(_folder.Data.Path));
    }

    [Fact]
    public async Task The_owner_gets_a_new_password_and_a_new_token()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        await File.WriteAllTextAsync(_folder.In("new"), "another not real password", Ct);
        var options = new OwnerResetOptions(_folder.Data.Path, _folder.Kek, "Ada.L@example.org", _folder.In("new"), _folder.In("token2"));
        Assert.Equal(ExitCodes.Done, await OwnerReset.RunAsync(options, _folder.Around(), Ct));
        Assert.Equal(ExitCodes.Refused, await OwnerReset.RunAsync(options, _folder.Around(), Ct));   // the token's file is there now

        await using var opened = _folder.Open();
        using var db = opened.Store.Read();
        var owner = await db.Members.SingleAsync(Ct);
        Assert.Equal("Ada.L@example.org", owner.Email);
        Assert.True(await _folder.Passwords.VerifyAsync(owner.PasswordHash, "another not real password", Ct));
        Assert.Equal(2, await db.AccessTokens.CountAsync(Ct));
        Assert.Contains(await db.Audit.ToListAsync(Ct), row => row is { Action: "password_reset", From: "command line" });
    }

    [Fact]
    public async Task An_owner_cannot_be_reset_without_the_key_or_under_a_running_server()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        var options = new OwnerResetOptions(_folder.Data.Path, _folder.Kek, null, _folder.In("password"));
        await using (_folder.Open())
            Assert.Equal(ExitCodes.Refused, await OwnerReset.RunAsync(options, _folder.Around(), Ct));
        Assert.Equal(ExitCodes.Refused, await OwnerReset.RunAsync(options with { KekFile = _folder.In("nowhere") }, _folder.Around(), Ct));
    }
}
