using System.Runtime.InteropServices;

namespace Crescent.Kernels.Emitted;

/// <summary>
/// Machine code in pages of its own. The pages are writable while the code is copied and executable afterwards, never both. They stay until the
/// process ends, as compiled methods do.
/// </summary>
internal static unsafe partial class ExecutableCode
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int ProtectExecute = 4;
    private const int MapPrivate = 2;
    private const int MapAnonymousLinux = 0x20;
    private const int MapAnonymousMac = 0x1000;
    private const uint CommitAndReserve = 0x3000;
    private const uint PageReadWrite = 0x04;
    private const uint PageExecuteRead = 0x20;
    private const uint ReleaseMemory = 0x8000;

    /// <inheritdoc cref="CodeLoader"/>
    public static nint Load(ReadOnlySpan<byte> code) =>
        OperatingSystem.IsWindows() ? LoadWindows(code)
        : OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? LoadUnix(code)
        : 0;

    private static nint LoadUnix(ReadOnlySpan<byte> code)
    {
        var anonymous = OperatingSystem.IsMacOS() ? MapAnonymousMac : MapAnonymousLinux;
        var pages = Map(0, code.Length, ProtectRead | ProtectWrite, MapPrivate | anonymous, -1, 0);
        if (pages is -1 or 0)
        {
            return 0;
        }

        code.CopyTo(new Span<byte>((void*)pages, code.Length));
        if (Protect(pages, code.Length, ProtectRead | ProtectExecute) == 0)
        {
            return pages;
        }

        _ = Unmap(pages, code.Length);
        return 0;
    }

    private static nint LoadWindows(ReadOnlySpan<byte> code)
    {
        var pages = VirtualAlloc(0, code.Length, CommitAndReserve, PageReadWrite);
        if (pages == 0)
        {
            return 0;
        }

        code.CopyTo(new Span<byte>((void*)pages, code.Length));
        if (VirtualProtect(pages, code.Length, PageExecuteRead, out _) && FlushInstructionCache(-1, pages, code.Length))
        {
            return pages;
        }

        _ = VirtualFree(pages, 0, ReleaseMemory);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nint length);

    [LibraryImport("kernel32")]
    private static partial nint VirtualAlloc(nint address, nint length, uint type, uint protection);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualProtect(nint address, nint length, uint protection, out uint old);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualFree(nint address, nint length, uint type);

    // −1 is the current process.
    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FlushInstructionCache(nint process, nint address, nint length);
}
