using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>
/// Writes the machine code of a product of two panels at a time with a few input rows, over a block of columns. A code of the input is loaded once for
/// 32 rows of weights, where <see cref="PanelKernelEmitter"/> loads it for 16: the multipliers are the limit, no longer the loads. The same order of sums.
/// </summary>
internal sealed class PanelPairEmitter
{
    // How far ahead weights are asked for, as in PanelKernelEmitter.
    private const int PrefetchBytes = 4096;

    private static readonly AssemblerRegister64[] s_inputs = [rbx, rbp, rsi, rcx, r8, r9];
    private static readonly AssemblerRegister64[] s_panels = [rax, rdx]; // addresses of the two groups
    private static readonly AssemblerRegister64 s_step = r10; // from a panel to the next
    private static readonly AssemblerRegister64 s_end = r11;
    private static readonly AssemblerRegister64 s_arguments = r12;
    private static readonly AssemblerRegister64 s_next = r13; // the next pair's first panel

    private readonly Assembler _code = new(64);
    private readonly PanelFormat _format;
    private readonly AssemblerRegister64[] _inputs;
    private readonly AssemblerRegisterZMM[][] _sums; // [panel][input]
    private readonly AssemblerRegisterZMM[][] _products;
    private readonly AssemblerRegisterZMM[] _loaded; // [panel] codes, then products of scales
    private readonly AssemblerRegisterZMM[] _scales; // [panel]
    private readonly AssemblerRegisterZMM _input; // what was broadcast of an input row
    private readonly PanelCodeEmitter _codes;

    private PanelPairEmitter(PanelFormat format, int inputs)
    {
        _format = format;
        _inputs = s_inputs[..inputs];
        KernelFrame.Enter(_code, 0);
        var registers = new PanelRegisters();
        _sums = [registers.Take(inputs), registers.Take(inputs)];
        _products = [registers.Take(inputs), registers.Take(inputs)];
        _loaded = registers.Take(2);
        _scales = registers.Take(2);
        _input = registers.Take();
        _codes = new PanelCodeEmitter(_code, format, registers, _loaded, _input);
    }

    /// <summary>The code of a function of one <see cref="PanelArguments"/>*, whose count is a number of pairs.</summary>
    public static byte[] Emit(PanelFormat format, int inputs)
    {
        var emitter = new PanelPairEmitter(format, inputs);
        emitter.Loops();
        KernelFrame.Leave(emitter._code, 0);
        return KernelFrame.Assemble(emitter._code);
    }

    private void Loops()
    {
        _code.mov(s_arguments, rax);
        _code.mov(s_step, __qword_ptr[s_arguments + PanelArguments.PanelStepAt]);
        _code.mov(s_end, __qword_ptr[s_arguments + PanelArguments.InputEndAt]);
        _code.mov(s_next, __qword_ptr[s_arguments + PanelArguments.PanelsAt]);
        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.mov(_inputs[i], __qword_ptr[s_arguments + (PanelArguments.InputsAt + (8 * i))]);
        }

        var pair = _code.CreateLabel();
        _code.Label(ref pair);
        BeginSums();
        _code.mov(rax, s_next);
        _code.lea(rdx, __[s_next + s_step]);
        _code.lea(s_next, __[rdx + s_step]);
        _code.mov(rdi, __qword_ptr[s_arguments + PanelArguments.InputBeginAt]);
        var group = _code.CreateLabel();
        _code.Label(ref group);
        Group();
        _code.add(rax, _format.GroupBytes);
        _code.add(rdx, _format.GroupBytes);
        _code.add(rdi, PanelInput.GroupBytes);
        _code.cmp(rdi, s_end);
        _code.jb(group);
        ForEachOutput((sum, output) => _code.vmovups(output, sum));
        _code.add(__qword_ptr[s_arguments + PanelArguments.OutputOffsetAt], 2 * PanelFormat.Rows * sizeof(float));
        _code.sub(__qword_ptr[s_arguments + PanelArguments.CountAt], 1);
        _code.jnz(pair);
    }

    // Zero in the first block of columns, afterwards what the block before has left.
    private void BeginSums()
    {
        var first = _code.CreateLabel();
        var done = _code.CreateLabel();
        _code.cmp(__qword_ptr[s_arguments + PanelArguments.InputBeginAt], 0);
        _code.je(first);
        ForEachOutput((sum, output) => _code.vmovups(sum, output));
        _code.jmp(done);
        _code.Label(ref first);
        foreach (var sum in _sums.SelectMany(sums => sums))
        {
            _code.vpxord(sum, sum, sum);
        }

        _code.Label(ref done);
    }

    private void ForEachOutput(Action<AssemblerRegisterZMM, AssemblerMemoryOperand> move)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.mov(rdi, __qword_ptr[s_arguments + (PanelArguments.OutputsAt + (8 * i))]);
            _code.add(rdi, __qword_ptr[s_arguments + PanelArguments.OutputOffsetAt]);
            move(_sums[0][i], __zmmword_ptr[rdi]);
            move(_sums[1][i], __zmmword_ptr[rdi + (PanelFormat.Rows * sizeof(float))]);
        }
    }

    private void Group()
    {
        for (var panel = 0; panel < 2; panel++)
        {
            for (var line = 0; line < _format.GroupBytes; line += 64)
            {
                _code.prefetcht0(__byte_ptr[s_panels[panel] + (PrefetchBytes + line)]);
            }

            PanelScaleEmitter.Load(_code, _format.Scales, _scales[panel], s_panels[panel]);
        }

        for (var i = 0; i < _inputs.Length; i++)
        {
            BeginProducts(i);
        }

        for (var j = 0; j < 8; j++)
        {
            _codes.Load(_loaded[0], s_panels[0], j);
            _codes.Load(_loaded[1], s_panels[1], j);
            for (var i = 0; i < _inputs.Length; i++)
            {
                _code.vpbroadcastd(_input, __dword_ptr[_inputs[i] + rdi + (4 * j)]);
                _code.vpdpbusd(_products[0][i], _loaded[0], _input);
                _code.vpdpbusd(_products[1][i], _loaded[1], _input);
            }
        }

        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.vbroadcastss(_input, __dword_ptr[_inputs[i] + rdi + PanelInput.ScaleAt]);
            for (var panel = 0; panel < 2; panel++)
            {
                _code.vmulps(_loaded[panel], _scales[panel], _input);
                _code.vcvtdq2ps(_products[panel][i], _products[panel][i]);
                _code.vfmadd231ps(_sums[panel][i], _products[panel][i], _loaded[panel]);
            }
        }
    }

    private void BeginProducts(int i)
    {
        var (first, second) = (_products[0][i], _products[1][i]);
        if (_format.OffsetShift == 0)
        {
            _code.vpxord(first, first, first);
            _code.vpxord(second, second, second);
            return;
        }

        _code.vpslld(first, __dword_bcst[_inputs[i] + rdi + PanelInput.NegativeSumAt], (byte)_format.OffsetShift);
        _code.vmovdqa32(second, first);
    }
}
