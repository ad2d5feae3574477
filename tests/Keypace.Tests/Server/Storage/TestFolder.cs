using System.Security.Cryptography;
using Keypace.Server;
using Keypace.Server.People.SettingUp;
using Keypace.Server.Platform;
using Keypace.Server.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Storage;

/// <summary>A folder of its own for one test, with everything that a store needs beside it. Deleted at the end.</summary>
internal sealed class TestFolder : IDisposable
{
    public const string Password = "not a real password 1";

    /// <summary>What hashes passwords in tests that are about something else: at a fraction of the cost.</summary>
    public static Passwords Quick => new(iterations: 1_000);

    public Passwords Passwords { get; init; } = Quick;

    public TestFolder()
    {
        Root = Directory.CreateTempSubdirectory("keypace-test-").FullName;
        Data = new DataFolder(In("data"));
        File.WriteAllText(In("password"), Password + "\n");
    }

    public string Root { get; }

    public DataFolder Data { get; }

    public string Kek => In("test.kek");

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public StringWriter Output { get; } = new();

    public StringWriter Errors { get; } = new();

    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>The time is the test's own, except for a server, whose timers must run.</summary>
    public Surroundings Around(bool isTerminal = false) => new(
        TextWriter.Synchronized(Output), TextWriter.Synchronized(Errors), Variables, Time, Keypace.Domain.Vault.SecureRandom.Fill, isTerminal) { Passwords = Passwords };

    public string In(string name) => Path.Combine(Root, name);

    public InitOptions OwnerOptions => new(Data.Path, Kek, "ada@example.org", In("password"), In("token"));

    public Task<int> InitAsync(InitOptions? options = null) =>
        Initialisation.RunAsync(options ?? new InitOptions(Data.Path, Kek, null, null, null), Around(), TestContext.Current.CancellationToken);

    public OpenedStore Open(StoreSchema? schema = null)
    {
        var opened = StoreOpening.Open(Data, Kek, Around().Variable, schema ?? StoreSchema.Current);
        return opened.TryGet(out var store, out var refusal) ? store : throw new InvalidOperationException(refusal.Detail);
    }

    public Keypace.Domain.Refusal Refused(StoreSchema? schema = null)
    {
        var opened = StoreOpening.Open(Data, Kek, Around().Variable, schema ?? StoreSchema.Current);
        if (opened.TryGet(out _, out var refusal))
            throw new InvalidOperationException("It opened.");
        return refusal;
    }

#pragma warning disable CA1416 // These tests run where files have modes.
    public static UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);
#pragma warning restore CA1416

    /// <summary>Every file with its mode and a hash of its bytes, to see that nothing was changed.</summary>
    public string Picture() => string.Join('\n', Directory.EnumerateFiles(Data.Path, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(file => $"{file} {ModeOf(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    public void Dispose()
    {
        Output.Dispose();
        Errors.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
