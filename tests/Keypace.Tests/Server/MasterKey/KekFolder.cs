using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Vault;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Tests.Server.MasterKey;

/// <summary>A folder of its own for real key files, an environment to fill, and the questions asked of both. Deleted afterwards.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class KekFolder : IDisposable
{
    public const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = Directory.CreateTempSubdirectory("keypace-kek-").FullName;

    public Guid InstanceId { get; } = Guid.Parse("11111111-1111-7111-8111-111111111111");

    public Dictionary<string, string> Environment { get; } = [];

    public string DataFolder => In("data");

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public string In(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    public KekQuestion Question(string? option = null) => new(option, DataFolder, InstanceId, name => Environment.GetValueOrDefault(name));

    public Outcome<FoundKek> Load(string? option = null) => MasterKeys.Load(Question(option));

    public Outcome<FoundKek> LoadOrCreate(string? option = null) => MasterKeys.LoadOrCreate(Question(option), SecureRandom.Fill);

    public string Write(string name, string text, UnixFileMode mode = Own)
    {
        File.WriteAllText(In(name), text);
        File.SetUnixFileMode(In(name), mode);
        return In(name);
    }

    /// <summary>A key's line without its line feed.</summary>
    public static string KeyText()
    {
        using var key = KeyEncryptionKey.Create(SecureRandom.Fill);
        var text = new byte[KekText.Bytes + 1];
        KekText.Write(key, text);
        return Encoding.ASCII.GetString(text, 0, KekText.Bytes);
    }

    public static Refusal AssertRefused(string code, Outcome<FoundKek> outcome, string? keyText = null)
    {
        Assert.False(outcome.TryGet(out _, out var refusal));
        Assert.Equal(code, refusal.Code);
        Assert.True(keyText is null || !refusal.Detail.Contains(keyText[30..60], StringComparison.Ordinal));
        return refusal;
    }

    public static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
