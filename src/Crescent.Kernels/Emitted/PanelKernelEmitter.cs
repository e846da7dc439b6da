using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>
/// Writes the machine code of a product: a packed panel of 16 rows times some input rows. Lane = row. The order of sums is that of the managed loops,
/// so the bits are theirs: a group's products are exact integers, and its term is added in float32 before the next group's.
/// </summary>
/// <remarks>
/// A vector of codes meets four codes of an input row, broadcast from memory, in one instruction (vpdpbusd): that and the two multiplications of a
/// term are all that the multipliers see; unpacking runs beside them. Addresses of input rows stay in general registers, sums in vector registers.
/// </remarks>
internal sealed class PanelKernelEmitter
{
    // The stack, from its top: where the super-block ends, where the input ends, the arguments.
    private const int LimitAt = 0;
    private const int EndAt = 8;
    private const int ArgumentsAt = 16;
    private const int FrameBytes = 24;

    // How far ahead weights are asked for: long enough for memory to answer, for many input rows as for one.
    private const int PrefetchBytes = 4096;

    private static readonly AssemblerRegister64[] s_inputs = [rbx, rbp, rsi, rcx, r8, r9, r10, r11, r12, r13, r14, r15];

    private readonly Assembler _code = new(64);
    private readonly PanelFormat _format;
    private readonly AssemblerRegister64[] _inputs;
    private readonly AssemblerRegisterZMM[] _sums;
    private readonly AssemblerRegisterZMM[] _products;
    private readonly AssemblerRegisterZMM[] _firstHalves;
    private readonly AssemblerRegisterZMM _temporary;
    private readonly PanelCodeEmitter _codes;
    private readonly PanelScaleEmitter _scales;

    private PanelKernelEmitter(PanelFormat format, int inputs)
    {
        _format = format;
        _inputs = s_inputs[..inputs];
        Enter();
        var registers = new PanelRegisters();
        _sums = registers.Take(inputs);
        _products = registers.Take(inputs);
        _firstHalves = HasHalves ? registers.Take(inputs) : [];
        _temporary = registers.Take();
        _codes = new PanelCodeEmitter(_code, format, registers, registers.Take(2), _temporary);
        _scales = new PanelScaleEmitter(_code, format, registers, _temporary, _codes.NibbleMask);
    }

    /// <summary>The code of a function of one argument, a <see cref="PanelArguments"/>*, in the platform's own calling convention.</summary>
    public static byte[] Emit(PanelFormat format, int inputs)
    {
        var emitter = new PanelKernelEmitter(format, inputs);
        emitter.Loops();
        KernelFrame.Leave(emitter._code, FrameBytes);
        return KernelFrame.Assemble(emitter._code);
    }

    private bool HasHalves => _format.Scales == PanelScales.SignedBytePairs;

    // rax: the arguments.
    private void Enter()
    {
        KernelFrame.Enter(_code, FrameBytes);
        _code.mov(__qword_ptr[rsp + ArgumentsAt], rax);
        _code.mov(rdx, __qword_ptr[rax + PanelArguments.InputEndAt]);
        _code.mov(__qword_ptr[rsp + EndAt], rdx);
    }

    private void Loops()
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.mov(_inputs[i], __qword_ptr[rax + (PanelArguments.InputsAt + (8 * i))]);
        }

        _code.mov(rax, __qword_ptr[rax + PanelArguments.PanelsAt]);
        var panel = _code.CreateLabel();
        _code.Label(ref panel);
        foreach (var sum in _sums)
        {
            _code.vpxord(sum, sum, sum);
        }

        _code.xor(edi, edi); // bytes into the input rows
        var superBlock = _code.CreateLabel();
        var group = _code.CreateLabel();
        if (_format.IsSuperBlock)
        {
            _code.Label(ref superBlock);
            _scales.BeginSuperBlock();
            _code.lea(rdx, __[rdi + (8 * PanelInput.GroupBytes)]);
            _code.mov(__qword_ptr[rsp + LimitAt], rdx);
        }

        _code.Label(ref group);
        Group();
        _code.add(rax, _format.GroupBytes);
        _code.add(rdi, PanelInput.GroupBytes);
        _code.cmp(rdi, __qword_ptr[rsp + (_format.IsSuperBlock ? LimitAt : EndAt)]);
        _code.jb(group);
        if (_format.IsSuperBlock)
        {
            _code.cmp(rdi, __qword_ptr[rsp + EndAt]);
            _code.jb(superBlock);
        }

        StoreSums();
        _code.jnz(panel); // rax is at the next one
    }

    // Ends with the zero flag set after the last panel.
    private void StoreSums()
    {
        _code.mov(rdx, __qword_ptr[rsp + ArgumentsAt]);
        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.mov(rdi, __qword_ptr[rdx + (PanelArguments.OutputsAt + (8 * i))]);
            _code.add(rdi, __qword_ptr[rdx + PanelArguments.OutputOffsetAt]);
            _code.vmovups(__zmmword_ptr[rdi], _sums[i]);
        }

        _code.add(__qword_ptr[rdx + PanelArguments.OutputOffsetAt], PanelFormat.Rows * sizeof(float));
        _code.sub(__qword_ptr[rdx + PanelArguments.CountAt], 1);
    }

    private void Group()
    {
        Prefetch();
        _scales.BeginGroup();
        if (HasHalves)
        {
            HalvesOfGroup();
        }
        else
        {
            for (var i = 0; i < _inputs.Length; i++)
            {
                if (_format.OffsetShift > 0)
                {
                    _code.vpslld(_products[i], __dword_bcst[_inputs[i] + rdi + PanelInput.NegativeSumAt], (byte)_format.OffsetShift);
                }
                else
                {
                    _code.vpxord(_products[i], _products[i], _products[i]);
                }
            }

            _codes.ForEach(AddProducts);
        }

        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.vcvtdq2ps(_products[i], _products[i]);
            _code.vmulps(_temporary, HasHalves ? _scales.Common : _scales.Scale, __dword_bcst[_inputs[i] + rdi + PanelInput.ScaleAt]);
            _code.vfmadd231ps(_sums[i], _products[i], _temporary);
            if (_format.Scales == PanelScales.SixBitPairs)
            {
                _code.vfnmadd231ps(_sums[i], _scales.Min, __dword_bcst[_inputs[i] + rdi + PanelInput.WeightedSumAt]);
            }
        }
    }

    private void HalvesOfGroup()
    {
        for (var half = 0; half < 2; half++)
        {
            var products = half == 0 ? _firstHalves : _products;
            foreach (var product in products)
            {
                _code.vpxord(product, product, product);
            }

            _codes.ForEachOfHalf(half, (codes, column) => AddProducts(products, codes, column));
            foreach (var product in products)
            {
                _code.vpmulld(product, product, half == 0 ? _scales.Scale : _scales.LastScale);
            }
        }

        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.vpaddd(_products[i], _products[i], _firstHalves[i]);
            _code.vpdpwssd(_products[i], _scales.Correction, __dword_bcst[_inputs[i] + rdi + PanelInput.HalfSumsAt]);
        }
    }

    private void AddProducts(AssemblerRegisterZMM codes, int column) => AddProducts(_products, codes, column);

    private void AddProducts(AssemblerRegisterZMM[] products, AssemblerRegisterZMM codes, int column)
    {
        for (var i = 0; i < _inputs.Length; i++)
        {
            _code.vpdpbusd(products[i], codes, __dword_bcst[_inputs[i] + rdi + column]);
        }
    }

    private void Prefetch()
    {
        for (var line = 0; line < _format.GroupBytes; line += 64)
        {
            _code.prefetcht0(__byte_ptr[rax + (PrefetchBytes + line)]);
        }
    }
}
