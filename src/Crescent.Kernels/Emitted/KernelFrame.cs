using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>Beginning and end of a function of one pointer, in the platform's own calling convention; between them all registers but rsp are free.</summary>
internal static class KernelFrame
{
    private static readonly AssemblerRegister64[] s_saved =
        OperatingSystem.IsWindows() ? [rbx, rbp, rsi, rdi, r12, r13, r14, r15] : [rbx, rbp, r12, r13, r14, r15];

    private static readonly AssemblerRegisterXMM[] s_savedVectors =
        OperatingSystem.IsWindows() ? [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15] : [];

    /// <summary>Leaves the argument in rax, and <paramref name="bytes"/> at rsp.</summary>
    public static void Enter(Assembler code, int bytes = 0)
    {
        foreach (var register in s_saved)
        {
            code.push(register);
        }

        if (s_savedVectors.Length > 0)
        {
            code.sub(rsp, 16 * s_savedVectors.Length);
            for (var i = 0; i < s_savedVectors.Length; i++)
            {
                code.vmovups(__xmmword_ptr[rsp + (16 * i)], s_savedVectors[i]);
            }
        }

        code.mov(rax, OperatingSystem.IsWindows() ? rcx : rdi);
        if (bytes > 0)
        {
            code.sub(rsp, bytes);
        }
    }

    /// <summary>Returns to the caller.</summary>
    public static void Leave(Assembler code, int bytes = 0)
    {
        if (bytes > 0)
        {
            code.add(rsp, bytes);
        }

        for (var i = 0; i < s_savedVectors.Length; i++)
        {
            code.vmovups(s_savedVectors[i], __xmmword_ptr[rsp + (16 * i)]);
        }

        if (s_savedVectors.Length > 0)
        {
            code.add(rsp, 16 * s_savedVectors.Length);
        }

        foreach (var register in s_saved.Reverse())
        {
            code.pop(register);
        }

        code.vzeroupper();
        code.ret();
    }
    /// <summary>The bytes of what was written.</summary>
    public static byte[] Assemble(Assembler code)
    {
        using var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
