using System.Runtime.CompilerServices;

namespace Crescent.Kernels.Quantization;

// The byte arrays inside block structs: their size is part of the file format.
[InlineArray(4)]
internal struct Bytes4
{
    private byte _first;
}

[InlineArray(8)]
internal struct Bytes8
{
    private byte _first;
}

[InlineArray(12)]
internal struct Bytes12
{
    private byte _first;
}

[InlineArray(16)]
internal struct Bytes16
{
    private byte _first;
}

[InlineArray(32)]
internal struct Bytes32
{
    private byte _first;
}

[InlineArray(48)]
internal struct Bytes48
{
    private byte _first;
}

[InlineArray(64)]
internal struct Bytes64
{
    private byte _first;
}

[InlineArray(128)]
internal struct Bytes128
{
    private byte _first;
}
