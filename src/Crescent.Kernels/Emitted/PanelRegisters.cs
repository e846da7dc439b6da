using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>The vector registers of a kernel that is being written: each is taken once, for the whole kernel.</summary>
internal sealed class PanelRegisters
{
    private static readonly AssemblerRegisterZMM[] s_all =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private int _taken;

    public AssemblerRegisterZMM Take() => s_all[_taken++];

    public AssemblerRegisterZMM[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Take())];

    /// <summary>A register whose 32-bit lanes all hold one value. Clobbers edi.</summary>
    public AssemblerRegisterZMM Constant(Assembler code, uint value)
    {
        var register = Take();
        code.mov(edi, value);
        code.vpbroadcastd(register, edi);
        return register;
    }

    /// <summary>A register whose 128-bit lanes all hold the same 16 bytes. Clobbers rdi and the first register, so it is for the kernel's beginning.</summary>
    public AssemblerRegisterZMM Constant(Assembler code, ReadOnlySpan<byte> bytes)
    {
        var register = Take();
        code.mov(rdi, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        code.vmovq(xmm0, rdi);
        code.mov(rdi, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        code.vpinsrq(xmm0, xmm0, rdi, 1);
        code.vshufi32x4(register, zmm0, zmm0, 0);
        return register;
    }
}
