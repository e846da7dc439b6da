using Crescent.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>
/// Writes the scores of 16 queries against up to 64 keys: scores[key, query] = scale · Σ_i query[i]·key[i]. Lane = query; keys are read where they lie, a
/// value at a time, so that none are transposed. The order of sums is that of <see cref="ScoreTile"/>: chains of 32, added in order.
/// </summary>
internal sealed class ScoreKernelEmitter
{
    private const int Keys = ScoreArguments.BlockKeys;
    private const int VectorBytes = 64;
    private const int LineBytes = 64;
    private const int UnrolledValues = 8;
    private const int ChainBytes = ScoreTile.ChainLength * sizeof(float);

    private static readonly AssemblerRegisterZMM[] s_sums =
        [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];

    // One key of four is read four values at a time and spread by shuffles: loads, not products, would be the limit otherwise.
    private static readonly AssemblerRegisterZMM[] s_fours = [zmm17, zmm18, zmm19, zmm20];
    private static readonly AssemblerRegisterZMM[] s_ones = [zmm21, zmm22, zmm23, zmm24];

    // A register for each four keys of a block.
    private static readonly AssemblerRegister64[] s_quads = [rsi, rdi, r12, r13];

    private readonly Assembler _code = new(64);
    private readonly KvType _type;

    private ScoreKernelEmitter(KvType type) => _type = type;

    /// <summary>The code of a function of one <see cref="ScoreArguments"/>*.</summary>
    public static byte[] Emit(KvType type)
    {
        var emitter = new ScoreKernelEmitter(type);
        KernelFrame.Enter(emitter._code);
        emitter.Chains();
        KernelFrame.Leave(emitter._code);
        return KernelFrame.Assemble(emitter._code);
    }

    private int RowChainBytes => ScoreTile.ChainLength * RowDecoder.ValueBytes(_type);

    // r8: the queries of the chain, rdx: its bytes into a key.
    private void Chains()
    {
        _code.mov(r8, __qword_ptr[rax + ScoreArguments.QueriesAt]);
        _code.mov(r10, __qword_ptr[rax + ScoreArguments.RowStrideAt]);
        _code.lea(r11, __[r10 + (r10 * 2)]);
        _code.vbroadcastss(zmm31, __dword_ptr[rax + ScoreArguments.ScaleAt]);
        _code.xor(edx, edx);
        var chain = _code.CreateLabel();
        _code.Label(ref chain);
        _code.lea(r14, __[r8 + (ScoreTile.ChainLength * VectorBytes)]);
        Blocks();
        _code.mov(r8, r14);
        _code.add(rdx, RowChainBytes);
        _code.cmp(rdx, __qword_ptr[rax + ScoreArguments.RowEndAt]);
        _code.jb(chain);
    }

    // r9: the scores of the block, rcx: its number.
    private void Blocks()
    {
        _code.mov(r9, __qword_ptr[rax + ScoreArguments.ScoresAt]);
        _code.xor(ecx, ecx);
        var block = _code.CreateLabel();
        _code.Label(ref block);
        Prefetch();
        Point(ScoreArguments.RowsAt);
        if (_type != KvType.F32)
        {
            Decode();
        }

        Sum();
        Store();
        _code.add(r9, Keys * VectorBytes);
        _code.inc(rcx);
        _code.cmp(rcx, __qword_ptr[rax + ScoreArguments.BlocksAt]);
        _code.jb(block);
    }

    private void Point(int rowsAt)
    {
        _code.mov(s_quads[0], __qword_ptr[rax + (rcx * 8) + rowsAt]);
        _code.add(s_quads[0], rdx);
        for (var i = 1; i < s_quads.Length; i++)
        {
            _code.lea(s_quads[i], __[s_quads[i - 1] + (r10 * 4)]);
        }
    }

    private void Prefetch()
    {
        Point(ScoreArguments.NextRowsAt);
        for (var key = 0; key < Keys; key++)
        {
            for (var line = 0; line < RowChainBytes; line += LineBytes)
            {
                _code.prefetcht1(__byte_ptr[Row(key) + line]);
            }
        }
    }

    private void Decode()
    {
        _code.mov(rbp, __qword_ptr[rax + ScoreArguments.DecodedAt]);
        for (var key = 0; key < Keys; key++)
        {
            for (var half = 0; half < 2; half++)
            {
                var register = s_sums[((2 * key) + half) % Keys];
                RowDecoder.Load(_code, _type, register, _type == KvType.F32 ? __zmmword_ptr[Row(key) + (64 * half)] : __ymmword_ptr[Row(key) + (32 * half)]);
                _code.vmovups(__zmmword_ptr[rbp + ((key * ChainBytes) + (64 * half))], register);
            }
        }
    }

    private void Sum()
    {
        foreach (var sum in s_sums)
        {
            _code.vpxord(sum, sum, sum);
        }

        var values = _code.CreateLabel();
        _code.Label(ref values);
        for (var i = 0; i < UnrolledValues; i++)
        {
            _code.vmovups(zmm16, __zmmword_ptr[r8 + (VectorBytes * i)]);
            for (var key = 0; key < Keys; key++)
            {
                if (key % 4 != 3)
                {
                    _code.vfmadd231ps(s_sums[key], zmm16, __dword_bcst[Value(key, i)]);
                    continue;
                }

                var (four, one) = (s_fours[key / 4], s_ones[key / 4]);
                if (i % 4 == 0)
                {
                    _code.vbroadcastf32x4(four, __xmmword_ptr[Value(key, i)]);
                }

                _code.vpermilps(one, four, (byte)(0b01010101 * (i % 4)));
                _code.vfmadd231ps(s_sums[key], zmm16, one);
            }
        }

        AssemblerRegister64[] moved = _type == KvType.F32 ? s_quads : [rbp];
        foreach (var register in moved)
        {
            _code.add(register, UnrolledValues * sizeof(float));
        }

        _code.add(r8, UnrolledValues * VectorBytes);
        _code.cmp(r8, r14);
        _code.jb(values);
        _code.sub(r8, ScoreTile.ChainLength * VectorBytes);
    }

    // The first chain begins a score, the last one scales it.
    private void Store()
    {
        var isFirst = _code.CreateLabel();
        var isNotLast = _code.CreateLabel();
        _code.test(rdx, rdx);
        _code.jz(isFirst);
        for (var key = 0; key < Keys; key++)
        {
            _code.vaddps(s_sums[key], s_sums[key], __zmmword_ptr[r9 + (VectorBytes * key)]);
        }

        _code.Label(ref isFirst);
        _code.lea(rbp, __[rdx + RowChainBytes]);
        _code.cmp(rbp, __qword_ptr[rax + ScoreArguments.RowEndAt]);
        _code.jb(isNotLast);
        foreach (var sum in s_sums)
        {
            _code.vmulps(sum, sum, zmm31);
        }

        _code.Label(ref isNotLast);
        for (var key = 0; key < Keys; key++)
        {
            _code.vmovups(__zmmword_ptr[r9 + (VectorBytes * key)], s_sums[key]);
        }
    }

    private AssemblerMemoryOperand Value(int key, int i) =>
        _type == KvType.F32 ? Row(key) + (sizeof(float) * i) : __[rbp + ((key * ChainBytes) + (sizeof(float) * i))];

    private static AssemblerMemoryOperand Row(int key)
    {
        var quad = s_quads[key / 4];
        return (key % 4) switch
        {
            0 => __[quad],
            1 => __[quad + r10],
            2 => __[quad + (r10 * 2)],
            _ => __[quad + r11],
        };
    }
}
