using Crescent.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>Writes the reading of 16 values of a cache row as float32. Every value is exact.</summary>
internal static class RowDecoder
{
    /// <summary>Whether rows of a type are read by emitted code.</summary>
    public static bool IsSupported(KvType type) => type is KvType.F32 or KvType.F16 or KvType.BF16;

    /// <summary>Bytes of a value.</summary>
    public static int ValueBytes(KvType type) => type == KvType.F32 ? 4 : 2;

    public static void Load(Assembler code, KvType type, AssemblerRegisterZMM target, AssemblerMemoryOperand source)
    {
        switch (type)
        {
            case KvType.F32:
                code.vmovups(target, source);
                break;
            case KvType.F16:
                code.vcvtph2ps(target, source);
                break;
            default:
                code.vpmovzxwd(target, source);
                code.vpslld(target, target, 16);
                break;
        }
    }
}
