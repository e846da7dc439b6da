using Crescent.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>
/// Writes the scores of up to 8 queries against pages of keys of 16 bits: scores[query, key] = scale · Σ_i query[i]·key[i]. Lane = key: a chain of each
/// key is transposed in pairs of values, then widened. The order of sums is that of <see cref="ScoreTile"/>.
/// </summary>
internal sealed class RowScoreKernelEmitter
{
    /// <summary>Most queries of a kernel.</summary>
    public const int MostQueries = 8;

    private const int VectorBytes = 64;
    private const int PanelBytes = ScoreTile.PanelKeys * sizeof(float);
    private const int RowChainBytes = ScoreTile.ChainLength * sizeof(ushort);
    private const int ScoreBytes = PagedAttention.TilePositions * sizeof(float);

    private static readonly AssemblerRegisterZMM[] s_sums =
        [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];

    // A register for each four of 16 keys.
    private static readonly AssemblerRegister64[] s_quads = [rsi, rdi, r12, r13];

    private readonly Assembler _code = new(64);
    private readonly PairTransposeEmitter _pairs;
    private readonly int _queries;

    private RowScoreKernelEmitter(KvType type, int queries)
    {
        _queries = queries;
        _pairs = new PairTransposeEmitter(_code, type, s_quads);
    }

    /// <summary>The code of a function of one <see cref="RowScoreArguments"/>*.</summary>
    public static byte[] Emit(KvType type, int queries)
    {
        var emitter = new RowScoreKernelEmitter(type, queries);
        KernelFrame.Enter(emitter._code);
        emitter._pairs.Begin();
        emitter.Panels();
        KernelFrame.Leave(emitter._code);
        return KernelFrame.Assemble(emitter._code);
    }

    // r9: the scores of the panel, rcx: its number.
    private void Panels()
    {
        _code.mov(r10, __qword_ptr[rax + RowScoreArguments.RowStrideAt]);
        _code.lea(r11, __[r10 + (r10 * 2)]);
        _code.mov(r15, __qword_ptr[rax + RowScoreArguments.QueryStrideAt]);
        _code.lea(rbx, __[r15 + (r15 * 2)]);
        _code.mov(rbp, __qword_ptr[rax + RowScoreArguments.DecodedAt]);
        _code.mov(r9, __qword_ptr[rax + RowScoreArguments.ScoresAt]);
        _code.xor(ecx, ecx);
        var panel = _code.CreateLabel();
        _code.Label(ref panel);
        Chains();
        _code.add(r9, PanelBytes);
        _code.inc(rcx);
        _code.cmp(rcx, __qword_ptr[rax + RowScoreArguments.PanelsAt]);
        _code.jb(panel);
    }

    // r8 and r14: the chain of the queries 0 and 4, rdx: its bytes into a key.
    private void Chains()
    {
        _code.mov(r8, __qword_ptr[rax + RowScoreArguments.QueriesAt]);
        _code.lea(r14, __[r8 + (r15 * 4)]);
        _code.xor(edx, edx);
        var chain = _code.CreateLabel();
        _code.Label(ref chain);
        Prefetch();
        for (var half = 0; half < 2; half++)
        {
            Point(RowScoreArguments.RowsAt, half);
            _pairs.Transpose(rbp, half * VectorBytes, PanelBytes);
        }

        Sum();
        Store();
        _code.add(r8, ScoreTile.ChainLength * sizeof(float));
        _code.add(r14, ScoreTile.ChainLength * sizeof(float));
        _code.add(rdx, RowChainBytes);
        _code.cmp(rdx, __qword_ptr[rax + RowScoreArguments.RowEndAt]);
        _code.jb(chain);
    }

    // The first or the last 16 keys of the panel.
    private void Point(int rowsAt, int half)
    {
        if (half == 0)
        {
            _code.mov(s_quads[0], __qword_ptr[rax + (rcx * 8) + rowsAt]);
            _code.add(s_quads[0], rdx);
        }
        else
        {
            _code.lea(s_quads[0], __[s_quads[3] + (r10 * 4)]);
        }

        for (var i = 1; i < s_quads.Length; i++)
        {
            _code.lea(s_quads[i], __[s_quads[i - 1] + (r10 * 4)]);
        }
    }

    // A chain of a key is one line.
    private void Prefetch()
    {
        for (var half = 0; half < 2; half++)
        {
            Point(RowScoreArguments.NextRowsAt, half);
            foreach (var quad in s_quads)
            {
                _code.prefetcht1(__byte_ptr[quad]);
                _code.prefetcht1(__byte_ptr[quad + r10]);
                _code.prefetcht1(__byte_ptr[quad + (r10 * 2)]);
                _code.prefetcht1(__byte_ptr[quad + r11]);
            }
        }
    }

    private void Sum()
    {
        for (var i = 0; i < 2 * _queries; i++)
        {
            _code.vpxord(s_sums[i], s_sums[i], s_sums[i]);
        }

        for (var i = 0; i < ScoreTile.ChainLength; i++)
        {
            _code.vmovups(zmm16, __zmmword_ptr[rbp + (i * PanelBytes)]);
            _code.vmovups(zmm17, __zmmword_ptr[rbp + ((i * PanelBytes) + VectorBytes)]);
            for (var query = 0; query < _queries; query++)
            {
                _code.vbroadcastss(zmm18, __dword_ptr[Query(query) + (sizeof(float) * i)]);
                _code.vfmadd231ps(s_sums[2 * query], zmm18, zmm16);
                _code.vfmadd231ps(s_sums[(2 * query) + 1], zmm18, zmm17);
            }
        }
    }

    // The first chain begins a score, the last one scales it.
    private void Store()
    {
        var isFirst = _code.CreateLabel();
        var isNotLast = _code.CreateLabel();
        _code.test(rdx, rdx);
        _code.jz(isFirst);
        for (var i = 0; i < 2 * _queries; i++)
        {
            _code.vaddps(s_sums[i], s_sums[i], Score(i));
        }

        _code.Label(ref isFirst);
        _code.lea(rsi, __[rdx + RowChainBytes]);
        _code.cmp(rsi, __qword_ptr[rax + RowScoreArguments.RowEndAt]);
        _code.jb(isNotLast);
        _code.vbroadcastss(zmm16, __dword_ptr[rax + RowScoreArguments.ScaleAt]);
        for (var i = 0; i < 2 * _queries; i++)
        {
            _code.vmulps(s_sums[i], s_sums[i], zmm16);
        }

        _code.Label(ref isNotLast);
        for (var i = 0; i < 2 * _queries; i++)
        {
            _code.vmovups(Score(i), s_sums[i]);
        }
    }

    private static AssemblerMemoryOperand Score(int sum) => __zmmword_ptr[r9 + ((sum / 2 * ScoreBytes) + (sum % 2 * VectorBytes))];

    private static AssemblerMemoryOperand Query(int query)
    {
        var four = query < 4 ? r8 : r14;
        return (query % 4) switch
        {
            0 => __[four],
            1 => __[four + r15],
            2 => __[four + (r15 * 2)],
            _ => __[four + rbx],
        };
    }
}
