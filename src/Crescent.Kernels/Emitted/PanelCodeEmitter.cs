using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Crescent.Kernels.Emitted;

/// <summary>Writes the unpacking of a group's codes: a vector of unsigned bytes for four columns of 16 rows. rax is the group's address.</summary>
internal sealed class PanelCodeEmitter
{
    private const int NibbleBytes = 256;
    private const byte OrAnd = 0xF8; // vpternlogd: A | (B & C)

    private readonly Assembler _code;
    private readonly PanelFormat _format;
    private readonly int _at; // from the group to its codes
    private readonly AssemblerRegisterZMM _temporary;
    private readonly AssemblerRegisterZMM _low;
    private readonly AssemblerRegisterZMM _high;
    private readonly AssemblerRegisterZMM _nibbles;
    private readonly AssemblerRegisterZMM _upperBits;
    private readonly AssemblerRegisterZMM _table;

    /// <param name="unpacked">Two registers for codes.</param>
    /// <param name="temporary">A register that may be overwritten.</param>
    public PanelCodeEmitter(Assembler code, PanelFormat format, PanelRegisters registers, AssemblerRegisterZMM[] unpacked, AssemblerRegisterZMM temporary)
    {
        (_code, _format, _at, _temporary) = (code, format, format.ScaleBytes, temporary);
        (_low, _high) = (unpacked[0], unpacked[1]);
        if (format.Codes == PanelCodes.Bytes)
        {
            return;
        }

        _nibbles = registers.Constant(code, 0x0F0F0F0F);
        if (format.Codes != PanelCodes.Nibbles)
        {
            _upperBits = registers.Constant(code, format.Codes == PanelCodes.NibblesAndBit ? 0x10101010u : 0x30303030u);
        }

        if (format.Table.Length > 0)
        {
            _table = registers.Constant(code, format.Table);
        }
    }

    /// <summary>The lower four bits of each byte.</summary>
    public AssemblerRegisterZMM NibbleMask => _nibbles;

    /// <summary>Calls <paramref name="use"/> for every vector of columns, with the register that holds it and its first column.</summary>
    public void ForEach(Action<AssemblerRegisterZMM, int> use)
    {
        for (var c = 0; c < 4; c++)
        {
            if (_format.Codes == PanelCodes.Bytes)
            {
                foreach (var j in (ReadOnlySpan<int>)[c, c + 4])
                {
                    _code.vmovdqu32(_low, __zmmword_ptr[rax + (_at + (64 * j))]);
                    use(_low, 4 * j);
                }

                continue;
            }

            _code.vmovdqu32(_low, __zmmword_ptr[rax + (_at + (64 * c))]);
            _code.vpsrld(_high, _low, 4);
            Finish(_low, c);
            Finish(_high, c + 4);
            use(_low, 4 * c);
            use(_high, 16 + (4 * c));
        }
    }

    /// <summary>As <see cref="ForEach"/>, for the first 16 columns of a group or for its last; nibbles only.</summary>
    public void ForEachOfHalf(int half, Action<AssemblerRegisterZMM, int> use)
    {
        for (var j = 4 * half; j < 4 + (4 * half); j++)
        {
            var register = half == 0 ? _low : _high;
            LoadNibbles(register, rax, j);
            use(register, 4 * j);
        }
    }

    /// <summary>The codes of columns 4j..4j + 3, of the group at an address; without planes of upper bits.</summary>
    public void Load(AssemblerRegisterZMM register, AssemblerRegister64 group, int j)
    {
        if (_format.Codes == PanelCodes.Bytes)
        {
            _code.vmovdqu32(register, __zmmword_ptr[group + (_at + (64 * j))]);
        }
        else
        {
            LoadNibbles(register, group, j);
        }
    }

    private void LoadNibbles(AssemblerRegisterZMM register, AssemblerRegister64 group, int j)
    {
        var nibbles = __zmmword_ptr[group + (_at + (64 * (j % 4)))];
        if (j < 4)
        {
            _code.vmovdqu32(register, nibbles);
        }
        else
        {
            _code.vpsrld(register, nibbles, 4);
        }

        Finish(register, j);
    }

    // Nibbles to codes, of vector j.
    private void Finish(AssemblerRegisterZMM register, int j)
    {
        _code.vpandd(register, register, _nibbles);
        if (_format.Table.Length > 0)
        {
            _code.vpshufb(register, _table, register);
        }

        if (_format.Codes == PanelCodes.NibblesAndBit)
        {
            Merge(register, _at + NibbleBytes, 4 - j);
        }
        else if (_format.Codes == PanelCodes.NibblesAndTwoBits)
        {
            Merge(register, _at + NibbleBytes + (64 * (j / 4)), 4 - (2 * (j % 4)));
        }
    }

    // Bits of a plane, shifted to their place. Bits that cross a byte end outside the mask.
    private void Merge(AssemblerRegisterZMM register, int plane, int left)
    {
        if (left > 0)
        {
            _code.vpslld(_temporary, __zmmword_ptr[rax + plane], (byte)left);
        }
        else if (left < 0)
        {
            _code.vpsrld(_temporary, __zmmword_ptr[rax + plane], (byte)-left);
        }
        else
        {
            _code.vmovdqu32(_temporary, __zmmword_ptr[rax + plane]);
        }

        _code.vpternlogd(register, _temporary, _upperBits, OrAnd);
    }
}
