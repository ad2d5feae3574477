using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keypace.Server.Platform.MasterKey;

/// <summary>
/// Who owns a file and what it is, which .NET does not tell. Linux is asked by statx, whose record is the same on every processor;
/// elsewhere the owner and the identity are unknown (null) and the callers' checks of links and permission bits remain.
/// </summary>
/// <param name="Identity">Device and file number: equal for two paths to one file.</param>
internal readonly record struct FileFacts(
    bool IsLink, bool IsRegularFile, UnixFileMode Mode, uint? OwnerId, (ulong Device, ulong Number)? Identity)
{
    private const int AtCurrentFolder = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const int AtEmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;
    private const int TypeMask = 0xF000;
    private const int LinkType = 0xA000;
    private const int RegularType = 0x8000;

    /// <summary>Of the path itself, a link not followed. Null where nothing is there or it cannot be reached.</summary>
    public static FileFacts? Of(string path)
    {
        if (OperatingSystem.IsLinux())
            return Ask(AtCurrentFolder, path, AtSymlinkNoFollow);
        var file = new FileInfo(path);
        if (!file.Exists && !Directory.Exists(path) && file.LinkTarget is null)
            return null;
        var isLink = file.LinkTarget is not null;
        var mode = OperatingSystem.IsWindows() ? UnixFileMode.UserRead : file.UnixFileMode;
        return new FileFacts(isLink, file.Exists && !isLink, mode, null, null);
    }

    /// <summary>
    /// Of a file that is already open, so that nobody can put another in its place meanwhile. Null on systems other than Linux.
    /// </summary>
    public static FileFacts? Of(SafeFileHandle file) =>
        OperatingSystem.IsLinux() ? Ask((int)file.DangerousGetHandle(), "", AtEmptyPath) : null;

    /// <summary>The user that this process acts as; null where the system has no such number.</summary>
    public static uint? OwnId => OperatingSystem.IsWindows() ? null : LibC.EffectiveUserId();

    private static unsafe FileFacts? Ask(int folder, string path, int flags)
    {
        Statx facts;
        if (LibC.Statx(folder, path, flags, BasicStats, &facts) != 0)
            return null;
        var type = facts.Mode & TypeMask;
        var device = ((ulong)facts.DeviceMajor << 32) | facts.DeviceMinor;
        return new FileFacts(
            type == LinkType, type == RegularType, (UnixFileMode)(facts.Mode & 0xFFF), facts.OwnerId, (device, facts.Number));
    }

    /// <summary>The head of the kernel's struct statx, 256 bytes in all (linux/stat.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Statx
    {
        [FieldOffset(20)]
        public uint OwnerId;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
