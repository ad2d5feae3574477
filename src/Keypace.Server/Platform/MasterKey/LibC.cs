using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keypace.Server.Platform.MasterKey;

/// <summary>The few calls of the C library that .NET has no face for.</summary>
internal static unsafe partial class LibC
{
    private const int MostPathBytes = 4096;   // PATH_MAX on Linux; macOS has 1024

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Statx(int folder, string path, int flags, uint mask, FileFacts.Statx* facts);

    /// <summary>
    /// The path with every link on the way followed; what does not exist yet is kept as it is written. Tells whether a file lies in a
    /// folder, which the text of a path alone does not.
    /// </summary>
    public static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        if (OperatingSystem.IsWindows())
            return full;

        var buffer = stackalloc byte[MostPathBytes];
        var missing = "";
        for (var existing = full; existing is not null; existing = Path.GetDirectoryName(existing))
        {
            if (Resolve(existing, buffer) != 0)
                return Path.Combine(Marshal.PtrToStringUTF8((nint)buffer)!, missing);
            missing = Path.Combine(Path.GetFileName(existing), missing);
        }

        return full;
    }

    /// <summary>Makes a new name in a folder survive a power cut, which syncing the file alone does not.</summary>
    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        const int readOnly = 0;
        var descriptor = Open(path, readOnly);
        if (descriptor < 0)
            throw new IOException($"The folder {path} cannot be opened to sync it (error {Marshal.GetLastPInvokeError()}).");
        var synced = Sync(descriptor) == 0;
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (!synced)
            throw new IOException($"The folder {path} cannot be synced (error {error}).");
    }

    /// <summary>Opens for reading without the advisory lock that .NET takes with every file: a file that is locked can still be read. Null where it cannot.</summary>
    public static SafeFileHandle? OpenUnlocked(string path)
    {
        if (OperatingSystem.IsWindows())
            return null;
        var descriptor = Open(path, 0);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Lets other threads go before this one, for as long as it lives. On Linux a priority is each thread's own; elsewhere it would be the process's.</summary>
    public static void YieldToOthers()
    {
        const int process = 0, self = 0, nice = 5;   // a third of a usual thread's share where both want a processor
        if (OperatingSystem.IsLinux())
            _ = SetPriority(process, self, nice);
    }

    /// <summary>
    /// This process leaves no image of its memory when it crashes, and others of the same user may not read its memory and environment; root still may.
    /// Lasts until it becomes another program.
    /// </summary>
    public static void LeaveNoImage()
    {
        const int core = 4, dumpable = 4;   // RLIMIT_CORE and PR_SET_DUMPABLE on Linux
        if (!OperatingSystem.IsLinux())
            return;
        var none = stackalloc nuint[2];     // at most now, and at most ever
        (none[0], none[1]) = (0, 0);
        _ = LimitResource(core, none);
        _ = ControlProcess(dumpable, 0, 0, 0, 0);
    }

    /// <summary>How many files this process may have open at once; null where the system does not say.</summary>
    public static long? MostOpenFiles()
    {
        const int openFiles = 7;   // RLIMIT_NOFILE on Linux
        if (!OperatingSystem.IsLinux())
            return null;
        var nowAndEver = stackalloc nuint[2];
        return AskResource(openFiles, nowAndEver) == 0 ? (long)Math.Min(nowAndEver[0], int.MaxValue) : null;
    }

    /// <summary>This process becomes another program, with the same id and open files. Comes back only where that failed.</summary>
    /// <param name="words">Its arguments, the first its own name.</param>
    /// <param name="variables">Its environment, <c>NAME=value</c> each.</param>
    public static void Become(string program, IReadOnlyList<string> words, IReadOnlyList<string> variables)
    {
        var (arguments, environment) = (Texts(words), Texts(variables));
        fixed (nint* argv = arguments, envp = environment)
            _ = Execute(program, argv, envp);
        foreach (var text in arguments.Concat(environment))
            Marshal.FreeCoTaskMem(text);
    }

    /// <summary>As C has lists of texts: pointers, the last of them null.</summary>
    private static nint[] Texts(IReadOnlyList<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string program, nint* argv, nint* envp);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int LimitResource(int which, nuint* nowAndEver);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int AskResource(int which, nuint* nowAndEver);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ControlProcess(int what, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Resolve(string path, byte* resolved);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
