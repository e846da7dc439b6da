using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>Writes the reading of scales, lane = row. rax is the address of the group, or of the super-block's header.</summary>
internal sealed class PanelScaleEmitter
{
    private readonly Assembler _code;
    private readonly PanelFormat _format;
    private readonly AssemblerRegisterZMM _temporary;
    private readonly AssemblerRegisterZMM _nibbles;
    private readonly AssemblerRegisterZMM _common; // d of a super-block
    private readonly AssemblerRegisterZMM _commonMin; // dmin
    private readonly AssemblerRegisterZMM _upper; // upper bits of the pairs, the current group's lowest
    private readonly AssemblerRegisterZMM _upperMask;
    private readonly AssemblerRegisterZMM _one;
    private readonly AssemblerRegisterZMM _bias;

    /// <param name="temporary">A register that may be overwritten.</param>
    /// <param name="nibbles">The lower four bits of each byte.</param>
    public PanelScaleEmitter(Assembler code, PanelFormat format, PanelRegisters registers, AssemblerRegisterZMM temporary, AssemblerRegisterZMM nibbles)
    {
        (_code, _format, _temporary, _nibbles) = (code, format, temporary, nibbles);
        Scale = registers.Take();
        if (format.IsSuperBlock)
        {
            _common = registers.Take();
        }

        switch (format.Scales)
        {
            case PanelScales.Exponent:
                _one = registers.Constant(code, BitConverter.SingleToUInt32Bits(1));
                _bias = registers.Constant(code, BitConverter.SingleToUInt32Bits(128));
                break;
            case PanelScales.SixBitPairs:
                Min = registers.Take();
                _commonMin = registers.Take();
                _upper = registers.Take();
                _upperMask = registers.Constant(code, 0x30);
                break;
            case PanelScales.SignedBytePairs:
                LastScale = registers.Take();
                Correction = registers.Take();
                break;
        }
    }

    /// <summary>What a product is worth; with pairs, the integer scale of the first half.</summary>
    public AssemblerRegisterZMM Scale { get; }

    /// <summary>With pairs: the integer scale of the last half.</summary>
    public AssemblerRegisterZMM LastScale { get; }

    /// <summary>With pairs: −offset · scale of both halves, in 16 bits.</summary>
    public AssemblerRegisterZMM Correction { get; }

    /// <summary>With pairs: what the scaled products are worth.</summary>
    public AssemblerRegisterZMM Common => _common;

    /// <summary>What is subtracted, as a factor of the input's weighted sum.</summary>
    public AssemblerRegisterZMM Min { get; }

    /// <summary>At the start of a super-block.</summary>
    public void BeginSuperBlock()
    {
        _code.vcvtph2ps(_common, __ymmword_ptr[rax]);
        if (_format.Scales == PanelScales.SixBitPairs)
        {
            _code.vcvtph2ps(_commonMin, __ymmword_ptr[rax + 32]);
            _code.vmovdqu32(_upper, __zmmword_ptr[rax + 64]);
        }

        _code.add(rax, _format.HeaderBytes);
    }

    /// <summary>At the start of a group.</summary>
    public void BeginGroup()
    {
        switch (_format.Scales)
        {
            case PanelScales.Half or PanelScales.BFloat16:
                Load(_code, _format.Scales, Scale, rax);
                break;
            case PanelScales.Exponent:
                _code.vpmovzxbd(Scale, __xmmword_ptr[rax]);
                _code.vcvtdq2ps(Scale, Scale);
                _code.vsubps(Scale, Scale, _bias);
                _code.vscalefps(Scale, _one, Scale);
                break;
            case PanelScales.SixBitPairs:
                ReadPairs();
                break;
            case PanelScales.SignedBytes:
                _code.vpmovsxbd(Scale, __xmmword_ptr[rax]);
                _code.vcvtdq2ps(Scale, Scale);
                _code.vmulps(Scale, Scale, _common);
                break;
            case PanelScales.SignedBytePairs:
                ReadHalves();
                break;
        }
    }

    /// <summary>Scales that stand alone, of the group at an address.</summary>
    public static void Load(Assembler code, PanelScales scales, AssemblerRegisterZMM register, AssemblerRegister64 group)
    {
        if (scales == PanelScales.Half)
        {
            code.vcvtph2ps(register, __ymmword_ptr[group]);
        }
        else
        {
            code.vpmovzxwd(register, __ymmword_ptr[group]);
            code.vpslld(register, register, 16);
        }
    }

    private void ReadPairs()
    {
        const byte orAnd = 0xF8;
        _code.vpmovzxbd(Scale, __xmmword_ptr[rax]);
        _code.vpsrld(Min, Scale, 4);
        _code.vpandd(Scale, Scale, _nibbles);
        _code.vpslld(_temporary, _upper, 4);
        _code.vpternlogd(Scale, _temporary, _upperMask, orAnd);
        _code.vpslld(_temporary, _upper, 2);
        _code.vpternlogd(Min, _temporary, _upperMask, orAnd);
        _code.vpsrld(_upper, _upper, 4);
        _code.vcvtdq2ps(Scale, Scale);
        _code.vmulps(Scale, Scale, _common);
        _code.vcvtdq2ps(Min, Min);
        _code.vmulps(Min, Min, _commonMin);
    }

    private void ReadHalves()
    {
        _code.vpmovsxbw(_temporary, __ymmword_ptr[rax]); // pairs of 16 bits, a row each
        _code.vpslld(Scale, _temporary, 16);
        _code.vpsrad(Scale, Scale, 16);
        _code.vpsrad(LastScale, _temporary, 16);
        _code.vpxord(Correction, Correction, Correction);
        _code.vpsllw(_temporary, _temporary, (byte)_format.OffsetShift);
        _code.vpsubw(Correction, Correction, _temporary);
    }
}
