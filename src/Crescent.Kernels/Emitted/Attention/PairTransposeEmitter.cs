using Crescent.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>
/// Writes the transposition of 32 values of 16 bits of 16 rows: pairs of values move together, as in <see cref="Lanes512.Transpose"/>, and are
/// taken apart and widened to float32 at the end. r10 and r11 hold the rows' stride and three times it.
/// </summary>
/// <param name="quads">Registers with the addresses of the rows 0, 4, 8 and 12.</param>
internal sealed class PairTransposeEmitter(Assembler code, KvType type, AssemblerRegister64[] quads)
{
    private const int PieceBytes = 16; // 4 pairs
    private const int Pieces = 4;

    private static readonly AssemblerRegisterZMM[] s_rows = [zmm16, zmm17, zmm18, zmm19];
    private static readonly AssemblerRegisterXMM[] s_rowBeginnings = [xmm16, xmm17, xmm18, xmm19];
    private static readonly AssemblerRegisterZMM s_split = zmm31; // F16: the words' order, even ones first; BF16: a mask of the upper halves

    /// <summary>Sets up what stays in a register all along. Clobbers rdi.</summary>
    public void Begin()
    {
        if (type == KvType.BF16)
        {
            code.vpternlogd(s_split, s_split, s_split, 0xFF);
            code.vpslld(s_split, s_split, 16);
            return;
        }

        foreach (var words in (ulong[])[0x1F1D1B1917151311, 0x0F0D0B0907050301, 0x1E1C1A1816141210, 0x0E0C0A0806040200])
        {
            code.mov(rdi, words);
            code.push(rdi);
        }

        code.vpmovzxbw(s_split, __ymmword_ptr[rsp]);
        code.add(rsp, 4 * sizeof(ulong));
    }

    /// <summary>target[value, row], values <paramref name="valueBytes"/> apart.</summary>
    public void Transpose(AssemblerRegister64 target, int at, int valueBytes)
    {
        for (var piece = 0; piece < Pieces; piece++)
        {
            Gather(piece * PieceBytes);
            code.vunpcklps(zmm20, zmm16, zmm17);
            code.vunpckhps(zmm21, zmm16, zmm17);
            code.vunpcklps(zmm22, zmm18, zmm19);
            code.vunpckhps(zmm23, zmm18, zmm19);
            code.vunpcklpd(zmm24, zmm20, zmm22);
            code.vunpckhpd(zmm25, zmm20, zmm22);
            code.vunpcklpd(zmm26, zmm21, zmm23);
            code.vunpckhpd(zmm27, zmm21, zmm23);
            var value = piece * 2 * Pieces;
            Widen(zmm24, ymm24, target, at + (value * valueBytes), valueBytes);
            Widen(zmm25, ymm25, target, at + ((value + 2) * valueBytes), valueBytes);
            Widen(zmm26, ymm26, target, at + ((value + 4) * valueBytes), valueBytes);
            Widen(zmm27, ymm27, target, at + ((value + 6) * valueBytes), valueBytes);
        }
    }

    // Register k: four pairs of the rows k, k + 4, k + 8 and k + 12.
    private void Gather(int at)
    {
        for (var k = 0; k < s_rows.Length; k++)
        {
            code.vmovdqu32(s_rowBeginnings[k], __xmmword_ptr[Row(quads[0], k) + at]);
            for (var lane = 1; lane < quads.Length; lane++)
            {
                code.vinsertf32x4(s_rows[k], s_rows[k], __xmmword_ptr[Row(quads[lane], k) + at], (byte)lane);
            }
        }
    }

    private void Widen(AssemblerRegisterZMM pairs, AssemblerRegisterYMM lower, AssemblerRegister64 target, int at, int valueBytes)
    {
        if (type == KvType.BF16)
        {
            code.vpslld(zmm28, pairs, 16);
            code.vpandd(zmm29, pairs, s_split);
        }
        else
        {
            code.vpermw(pairs, s_split, pairs);
            code.vextractf32x8(ymm29, pairs, 1);
            code.vcvtph2ps(zmm28, lower);
            code.vcvtph2ps(zmm29, ymm29);
        }

        code.vmovups(__zmmword_ptr[target + at], zmm28);
        code.vmovups(__zmmword_ptr[target + (at + valueBytes)], zmm29);
    }

    private static AssemblerMemoryOperand Row(AssemblerRegister64 quad, int k) => k switch
    {
        0 => __[quad],
        1 => __[quad + r10],
        2 => __[quad + (r10 * 2)],
        _ => __[quad + r11],
    };
}
