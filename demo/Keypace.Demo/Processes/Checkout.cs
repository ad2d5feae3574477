namespace Keypace.Demo;

/// <summary>Where this program was built: everything it starts lies there.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    /// <summary>The built program, unless <c>KEYPACE_EXECUTABLE</c> names another (a package, an older version).</summary>
    public static string Executable =>
        Environment.GetEnvironmentVariable("KEYPACE_EXECUTABLE") ?? Path.Combine(Root, "artifacts", "keypace", "keypace");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Keypace.slnx")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("This program runs from within a checkout of Keypace; there is no Keypace.slnx above it.");
    }
}
