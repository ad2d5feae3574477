using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The vault's formats, checked by a second implementation in another language and library.</summary>
public sealed class VectorsTests
{
    private const string Python = "/usr/bin/python3"; // Debian's own, which has Debian's packages

    [Fact]
    public async Task Another_implementation_agrees_with_every_vector()
    {
        Assert.SkipUnless(
            File.Exists(Python) && (await ChildProcess.RunAsync(Python, ["-c", "import cryptography"])).ExitCode == 0,
            "python3-cryptography is missing (apt-get install python3-cryptography)");

        var (exitCode, output) = await ChildProcess.RunAsync(Python, [Path.Combine(Checkout.Root, "tests", "vectors", "check.py")]);

        Assert.True(exitCode == 0, output);
    }
}
