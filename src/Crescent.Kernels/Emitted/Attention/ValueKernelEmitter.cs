using Crescent.Kernels.Attention;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted.Attention;

/// <summary>
/// Writes the weighted sums of values for some queries: sums[query] ← carry[query]·sums[query] + Σ_j weight(j, query)·values[j], j ascending, as
/// <see cref="ValueTile"/> takes them. Lane = value; up to eight queries of 32 values stay in registers while all positions pass.
/// </summary>
internal sealed class ValueKernelEmitter
{
    private const int MostQueries = 8;
    private const int VectorBytes = 64;

    private static readonly AssemblerRegisterZMM[] s_sums =
        [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];

    private static readonly AssemblerRegisterZMM[] s_weights = [zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27];

    private readonly Assembler _code = new(64);
    private readonly KvType _type;
    private readonly int _queries; // in registers
    private readonly int _groups; // of so many queries
    private readonly int _weightBytes; // from a query's weight to the next query's
    private readonly int _stepBytes; // from a value's weight to the next value's

    private ValueKernelEmitter(KvType type, int queries)
    {
        _type = type;
        var isByColumns = queries > MostQueries;
        _queries = isByColumns ? MostQueries : queries;
        _groups = isByColumns ? SoftmaxColumns.Queries / MostQueries : 1;
        (_weightBytes, _stepBytes) = isByColumns
            ? (sizeof(float), SoftmaxColumns.Queries * sizeof(float))
            : (PagedAttention.TilePositions * sizeof(float), sizeof(float));
    }

    /// <summary>The code of a function of one <see cref="ValueArguments"/>*.</summary>
    /// <param name="queries">1 to 8, with weights [queries, TilePositions], or 16, with weights [values, 16].</param>
    public static byte[] Emit(KvType type, int queries)
    {
        var emitter = new ValueKernelEmitter(type, queries);
        KernelFrame.Enter(emitter._code);
        emitter.Columns();
        KernelFrame.Leave(emitter._code);
        return KernelFrame.Assemble(emitter._code);
    }

    private int VectorValueBytes => 16 * RowDecoder.ValueBytes(_type);

    // rcx: bytes into a value, r14: bytes into a query's sums, rdx: bytes to the weights of the first query.
    private void Columns()
    {
        _code.mov(r10, __qword_ptr[rax + ValueArguments.SumStrideAt]);
        _code.lea(r11, __[r10 + (r10 * 2)]);
        _code.mov(rbx, __qword_ptr[rax + ValueArguments.RowStrideAt]);
        _code.xor(ecx, ecx);
        _code.xor(r14d, r14d);
        var column = _code.CreateLabel();
        var queries = _code.CreateLabel();
        _code.Label(ref column);
        _code.mov(r9, __qword_ptr[rax + ValueArguments.SumsAt]);
        _code.add(r9, r14);
        _code.xor(edx, edx);
        _code.Label(ref queries);
        _code.lea(r12, __[r9 + (r10 * 4)]);
        Begin();
        _code.mov(r8, __qword_ptr[rax + ValueArguments.WeightsAt]);
        _code.add(r8, rdx);
        for (var run = 0; run < ValueArguments.MostRuns; run++)
        {
            Sum(run);
        }

        ForEach((sum, _, target) => _code.vmovups(target, sum));
        if (_groups > 1)
        {
            _code.lea(r9, __[r9 + (r10 * MostQueries)]);
            _code.add(rdx, MostQueries * sizeof(float));
            _code.cmp(rdx, _groups * MostQueries * sizeof(float));
            _code.jb(queries);
        }

        _code.add(r14, 2 * VectorBytes);
        _code.add(rcx, 2 * VectorValueBytes);
        _code.cmp(rcx, __qword_ptr[rax + ValueArguments.RowEndAt]);
        _code.jb(column);
    }

    // sums ← carry · sums
    private void Begin()
    {
        _code.mov(rbp, __qword_ptr[rax + ValueArguments.CarryAt]);
        _code.add(rbp, rdx);
        for (var query = 0; query < _queries; query++)
        {
            _code.vbroadcastss(s_weights[query], __dword_ptr[rbp + (4 * query)]);
        }

        ForEach((sum, query, source) => _code.vmulps(sum, s_weights[query], source));
    }

    private void Sum(int run)
    {
        var end = _code.CreateLabel();
        var value = _code.CreateLabel();
        _code.mov(rdi, __qword_ptr[rax + (ValueArguments.CountsAt + (8 * run))]);
        _code.mov(rsi, __qword_ptr[rax + (ValueArguments.RowsAt + (8 * run))]);
        _code.add(rsi, rcx);
        _code.test(rdi, rdi);
        _code.jz(end);
        _code.mov(r13, __qword_ptr[rax + (ValueArguments.NextOffsetsAt + (8 * run))]);
        _code.Label(ref value);
        _code.prefetcht1(__byte_ptr[rsi + r13]);
        RowDecoder.Load(_code, _type, zmm16, Source(0));
        RowDecoder.Load(_code, _type, zmm17, Source(1));
        for (var query = 0; query < _queries; query++)
        {
            _code.vbroadcastss(s_weights[query], __dword_ptr[r8 + (_weightBytes * query)]);
            _code.vfmadd231ps(s_sums[2 * query], s_weights[query], zmm16);
            _code.vfmadd231ps(s_sums[(2 * query) + 1], s_weights[query], zmm17);
        }

        _code.add(rsi, rbx);
        _code.add(r8, _stepBytes);
        _code.dec(rdi);
        _code.jnz(value);
        _code.Label(ref end);
        _code.nop(); // a label needs an instruction of its own
    }

    private AssemblerMemoryOperand Source(int vector) =>
        _type == KvType.F32 ? __zmmword_ptr[rsi + (VectorValueBytes * vector)] : __ymmword_ptr[rsi + (VectorValueBytes * vector)];

    private void ForEach(Action<AssemblerRegisterZMM, int, AssemblerMemoryOperand> use)
    {
        for (var query = 0; query < _queries; query++)
        {
            var sums = query < 4 ? r9 : r12;
            for (var vector = 0; vector < 2; vector++)
            {
                var at = VectorBytes * vector;
                var place = (query % 4) switch
                {
                    0 => __zmmword_ptr[sums + at],
                    1 => __zmmword_ptr[sums + r10 + at],
                    2 => __zmmword_ptr[sums + (r10 * 2) + at],
                    _ => __zmmword_ptr[sums + r11 + at],
                };
                use(s_sums[(2 * query) + vector], query, place);
            }
        }
    }
}
