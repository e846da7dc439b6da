using System.Runtime.InteropServices;
using Crescent.Kernels.Memory;
using Microsoft.Win32.SafeHandles;

namespace Crescent.Kernels.Storage;

/// <summary>Opening files so that reads go past the system's cache, and reading at a place. A result below zero is the system's error number, negated.</summary>
internal static unsafe partial class PlatformFile
{
    /// <summary>Error numbers that mean "again": EINTR; EAGAIN on Linux and macOS; ECANCELED, of an io_uring thread that ended.</summary>
    private static readonly int[] s_again = OperatingSystem.IsMacOS() ? [4, 35] : OperatingSystem.IsWindows() ? [] : [4, 11, 125];

    private const int MinimumBlockBytes = 4096;
    private const int WindowsBlockBytes = 64 << 10; // other lengths are up to 3.5 times slower there
    private const FileOptions WindowsNoBuffering = (FileOptions)0x2000_0000;
    private const int CloseOnExec = 0x8_0000;
    private const int InvalidArgument = 22;
    private const int FcntlNoCache = 48; // macOS
    private const int EmptyPath = 0x1000;
    private const uint StatxDirectAlignment = 0x2000;
    private const int StatxBytes = 256;
    private const int StatxDirectMemory = 152; // offsets of stx_dio_mem_align and stx_dio_offset_align: linux/stat.h
    private const int StatxDirectOffset = 156;
    private const int StatxDevice = 136; // stx_dev_major, stx_dev_minor
    private const long TmpfsMagic = 0x0102_1994;

    // asm/fcntl.h: architectures differ.
    private static int DirectFlag => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x1_0000 : 0x4000;

    /// <summary>Whether the read may simply be issued again.</summary>
    public static bool IsAgain(int result) => Array.IndexOf(s_again, -result) >= 0;

    public static string Describe(int result) => $"{Marshal.GetPInvokeErrorMessage(-result)} (error {-result})";

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static OpenedFile Open(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, WindowsNoBuffering), WindowsBlockBytes, null);
        }

        // This handle comes first for its exceptions, which name what is wrong with a path.
        var buffered = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (OperatingSystem.IsMacOS())
        {
            return new(buffered, MinimumBlockBytes, SetNoCache(buffered) == 0 ? null : "the system refused F_NOCACHE");
        }

        if (!OperatingSystem.IsLinux())
        {
            return new(buffered, MinimumBlockBytes, "this platform has no unbuffered reads");
        }

        return OpenLinux(path, buffered);
    }

    /// <summary>Bytes read (fewer at the file's end), or an error number below zero.</summary>
    public static int Read(SafeFileHandle handle, ByteRegion target, long offset)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                return RandomAccess.Read(handle, target.Span(0, (int)target.Length), offset);
            }

            var read = ReadAt(handle, target.Address, (nint)target.Length, (nint)offset);
            return read < 0 ? -Marshal.GetLastPInvokeError() : (int)read;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return -Math.Max(1, exception.HResult & 0xFFFF);
        }
    }

    private static OpenedFile OpenLinux(string path, SafeFileHandle buffered)
    {
        if (IsTmpfs(buffered))
        {
            return new(buffered, MinimumBlockBytes, "its file system lies in memory");
        }

        var direct = new SafeFileHandle(OpenFile(path, CloseOnExec | DirectFlag, 0), ownsHandle: true);
        if (direct.IsInvalid)
        {
            return new(buffered, MinimumBlockBytes, $"the file system refused O_DIRECT: {Describe(-Marshal.GetLastPInvokeError())}");
        }

        // Some file systems take the flag and refuse the read.
        var blockBytes = DirectBlockBytes(direct);
        var probe = (byte*)NativeMemory.AlignedAlloc((nuint)blockBytes, (nuint)blockBytes);
        var result = Read(direct, new ByteRegion(probe, blockBytes), 0);
        NativeMemory.AlignedFree(probe);
        if (result == -InvalidArgument)
        {
            direct.Dispose();
            return new(buffered, MinimumBlockBytes, $"the file system refused an unbuffered read of {blockBytes} bytes");
        }

        buffered.Dispose();
        return new(direct, blockBytes, null);
    }

    private static int DirectBlockBytes(SafeFileHandle handle)
    {
        var fields = stackalloc byte[StatxBytes];
        try
        {
            if (Statx(handle, "", EmptyPath, StatxDirectAlignment, fields) == 0 && (*(uint*)fields & StatxDirectAlignment) != 0)
            {
                return (int)Math.Max(MinimumBlockBytes, Math.Max(*(uint*)(fields + StatxDirectMemory), *(uint*)(fields + StatxDirectOffset)));
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before statx: so is the kernel, most likely.
        }

        return MinimumBlockBytes;
    }

    /// <summary>What tells the file system of an open file from others on this machine, as far as the platform says.</summary>
    public static string DeviceOf(SafeFileHandle handle, string path)
    {
        var fields = stackalloc byte[StatxBytes];
        try
        {
            if (OperatingSystem.IsLinux() && Statx(handle, "", EmptyPath, 0, fields) == 0)
            {
                return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{*(uint*)(fields + StatxDevice)}:{*(uint*)(fields + StatxDevice + sizeof(uint))}");
            }
        }
        catch (EntryPointNotFoundException)
        {
            // As above.
        }

        return Path.GetPathRoot(Path.GetFullPath(path)) ?? "";
    }

    private static bool IsTmpfs(SafeFileHandle handle)
    {
        var fields = stackalloc long[32];
        return StatFileSystem(handle, fields) == 0 && fields[0] == TmpfsMagic;
    }

    // fcntl takes its third argument as a variadic one, which Apple's ARM processors pass on the stack: six unused ones fill the registers.
    private static int SetNoCache(SafeFileHandle handle) =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? FcntlOnStack(handle, FcntlNoCache, 0, 0, 0, 0, 0, 0, 1)
            : Fcntl(handle, FcntlNoCache, 1);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(SafeFileHandle file, byte* target, nint length, nint offset);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle file, string path, int flags, uint mask, byte* fields);

    [LibraryImport("libc", EntryPoint = "fstatfs")]
    private static partial int StatFileSystem(SafeFileHandle file, long* fields);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(SafeFileHandle file, int command, nint value);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int FcntlOnStack(SafeFileHandle file, int command, nint third, nint fourth, nint fifth, nint sixth, nint seventh, nint eighth, nint value);
}
