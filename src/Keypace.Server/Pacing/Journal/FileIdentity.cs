using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// Number and birth of a file, from Linux' statx(2): a journal that was copied back from a backup has others than it says of itself.
/// </summary>
internal static partial class FileIdentity
{
    private const int CurrentFolder = -100;      // AT_FDCWD
    private const uint NumberAndBirth = 0x900;   // STATX_INO | STATX_BTIME
    private const int Size = 256;
    private const int NumberAt = 32;
    private const int BirthAt = 80;

    /// <summary>Empty where it cannot be known.</summary>
    public static string Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return "";

        Span<byte> status = stackalloc byte[Size];
        try
        {
            if (StatX(CurrentFolder, path, 0, NumberAndBirth, status) != 0)
                return "";
        }
        catch (EntryPointNotFoundException)
        {
            return "";   // an old C library
        }

        return $"{Number(status, NumberAt):x}-{Number(status, BirthAt):x}-{Number(status, BirthAt + sizeof(long)) & uint.MaxValue:x}";
    }

    private static ulong Number(ReadOnlySpan<byte> status, int at) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(status[at..]) : BinaryPrimitives.ReadUInt64BigEndian(status[at..]);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> status);
}
