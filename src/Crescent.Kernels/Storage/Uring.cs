using System.Runtime.InteropServices;

namespace Crescent.Kernels.Storage;

/// <summary>
/// Linux' submission and completion rings, by raw system calls (linux/io_uring.h). One thread uses a ring from creation to Dispose; nothing may be in flight
/// at Dispose.
/// </summary>
internal sealed unsafe partial class Uring : IDisposable
{
    // System call numbers are the same on all architectures that .NET runs on.
    private const int SetupCall = 425;
    private const int EnterCall = 426;
    private const int CoopTaskRun = 1 << 8;
    private const int SingleIssuer = 1 << 12;
    private const int DeferTaskRun = 1 << 13;
    private const uint FeatureSingleMap = 1;
    private const int GetEvents = 1;
    private const int InvalidArgument = 22;
    private const long SubmissionsAt = 0x1000_0000; // IORING_OFF_SQES; the rings are at 0
    private const int ProtectReadWrite = 3;
    private const int MapSharedPopulated = 0x8001;
    private const byte OperationRead = 22;

    // Completions are then worked off when this thread asks for them: no interrupt of it or of others. Older kernels have less or none of it.
    private static readonly int[] s_setups = [SingleIssuer | DeferTaskRun, CoopTaskRun, 0];

    private readonly int _file;
    private readonly Parameters _parameters;
    private readonly byte* _rings;
    private readonly nint _ringsBytes;
    private readonly Submission* _submissions;
    private uint _added; // the submission ring's tail

    private Uring(int file, in Parameters parameters, byte* rings, nint ringsBytes, Submission* submissions)
    {
        _file = file;
        _parameters = parameters;
        _rings = rings;
        _ringsBytes = ringsBytes;
        _submissions = submissions;
        for (var i = 0u; i < parameters.SubmissionEntries; i++)
        {
            ((uint*)(rings + parameters.Submissions.Array))[i] = i;
        }

        _added = *Field(parameters.Submissions.Tail);
    }

    /// <summary>A ring for at least so many reads at once; null where the system has none or forbids it.</summary>
    public static Uring? TryCreate(int entries)
    {
        foreach (var flags in s_setups)
        {
            var parameters = new Parameters { Flags = (uint)flags };
            var file = (int)SystemCall(SetupCall, entries, (nint)(&parameters), 0, 0, 0, 0);
            if (file >= 0)
            {
                return TryMap(file, parameters);
            }

            if (Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Adds a read; the caller sees to it that no more are under way than the ring has entries.</summary>
    public void AddRead(int file, nint target, int length, long offset, ulong tag)
    {
        var index = _added & *Field(_parameters.Submissions.Mask);
        _submissions[index] = new Submission { Operation = OperationRead, File = file, Offset = offset, Target = target, Length = length, Tag = tag };
        _added++;
        Volatile.Write(ref *Field(_parameters.Submissions.Tail), _added);
    }

    /// <summary>Hands all added reads to the system and waits until a completion is there. False where the system refused; the reads are then still added.</summary>
    public bool Enter()
    {
        var waiting = _added - Volatile.Read(ref *Field(_parameters.Submissions.Head));
        return SystemCall(EnterCall, _file, (nint)waiting, 1, GetEvents, 0, 0) >= 0;
    }

    /// <summary>Takes a completion: bytes read, or an error number below zero.</summary>
    public bool TryTake(out ulong tag, out int result)
    {
        var head = *Field(_parameters.Completions.Head);
        if (head == Volatile.Read(ref *Field(_parameters.Completions.Tail)))
        {
            (tag, result) = (0, 0);
            return false;
        }

        var completion = (Completion*)(_rings + _parameters.Completions.Entries) + (head & *Field(_parameters.Completions.Mask));
        (tag, result) = (completion->Tag, completion->Result);
        Volatile.Write(ref *Field(_parameters.Completions.Head), head + 1);
        return true;
    }

    public void Dispose()
    {
        _ = Unmap((nint)_submissions, (nint)_parameters.SubmissionEntries * sizeof(Submission));
        _ = Unmap((nint)_rings, _ringsBytes);
        _ = CloseFile(_file);
    }

    private static Uring? TryMap(int file, in Parameters parameters)
    {
        if ((parameters.Features & FeatureSingleMap) == 0)
        {
            _ = CloseFile(file);
            return null;
        }

        var ringsBytes = (nint)Math.Max(
            parameters.Submissions.Array + (parameters.SubmissionEntries * sizeof(uint)),
            parameters.Completions.Entries + (parameters.CompletionEntries * sizeof(Completion)));
        var submissionsBytes = (nint)parameters.SubmissionEntries * sizeof(Submission);
        var rings = Map(0, ringsBytes, ProtectReadWrite, MapSharedPopulated, file, 0);
        var submissions = Map(0, submissionsBytes, ProtectReadWrite, MapSharedPopulated, file, (nint)SubmissionsAt);
        if (rings != -1 && submissions != -1)
        {
            return new Uring(file, parameters, (byte*)rings, ringsBytes, (Submission*)submissions);
        }

        _ = rings != -1 ? Unmap(rings, ringsBytes) : 0;
        _ = submissions != -1 ? Unmap(submissions, submissionsBytes) : 0;
        _ = CloseFile(file);
        return null;
    }

    private uint* Field(uint offset) => (uint*)(_rings + offset);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int file);

    /// <summary>struct io_uring_params, 120 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    internal struct Parameters
    {
        [FieldOffset(0)]
        public uint SubmissionEntries;

        [FieldOffset(4)]
        public uint CompletionEntries;

        [FieldOffset(8)]
        public uint Flags;

        [FieldOffset(20)]
        public uint Features;

        [FieldOffset(40)]
        public SubmissionOffsets Submissions;

        [FieldOffset(80)]
        public CompletionOffsets Completions;
    }

    /// <summary>struct io_sqring_offsets: bytes from the rings' start.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct SubmissionOffsets
    {
        [FieldOffset(0)]
        public uint Head;

        [FieldOffset(4)]
        public uint Tail;

        [FieldOffset(8)]
        public uint Mask;

        [FieldOffset(24)]
        public uint Array;
    }

    /// <summary>struct io_cqring_offsets: bytes from the rings' start.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct CompletionOffsets
    {
        [FieldOffset(0)]
        public uint Head;

        [FieldOffset(4)]
        public uint Tail;

        [FieldOffset(8)]
        public uint Mask;

        [FieldOffset(20)]
        public uint Entries;
    }

    /// <summary>struct io_uring_sqe, 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    internal struct Submission
    {
        [FieldOffset(0)]
        public byte Operation;

        [FieldOffset(4)]
        public int File;

        [FieldOffset(8)]
        public long Offset;

        [FieldOffset(16)]
        public nint Target;

        [FieldOffset(24)]
        public int Length;

        [FieldOffset(32)]
        public ulong Tag;
    }

    /// <summary>struct io_uring_cqe, 16 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct Completion
    {
        [FieldOffset(0)]
        public ulong Tag;

        [FieldOffset(8)]
        public int Result;
    }
}
