using System.Runtime.CompilerServices;
using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>The structs are the bytes in the file: sizes and offsets as in ggml-common.h.</summary>
public class BlockLayoutTests
{
    [Fact]
    public void Blocks_have_the_size_and_length_of_the_table_of_types()
    {
        Check<F32>();
        Check<F16>();
        Check<BF16>();
        Check<Q4_0>();
        Check<Q4_1>();
        Check<Q5_0>();
        Check<Q5_1>();
        Check<Q8_0>();
        Check<IQ4_NL>();
        Check<MXFP4>();
        Check<Q2_K>();
        Check<Q3_K>();
        Check<Q4_K>();
        Check<Q5_K>();
        Check<Q6_K>();
        Check<IQ4_XS>();
        Check<IQ2_XXS>();
        Check<IQ2_XS>();
        Check<IQ2_S>();
        Check<IQ3_XXS>();
        Check<IQ3_S>();
        Check<IQ1_S>();
        Check<IQ1_M>();
        Check<TQ1_0>();
        Check<TQ2_0>();
    }

    [Fact]
    public void Fields_of_blocks_of_32_lie_where_the_file_has_them()
    {
        var q40 = default(Q4_0);
        Assert.Equal([0, 2], Offsets(ref q40, ref Bytes(ref q40.Scale), ref Bytes(ref q40.Codes)));
        var q41 = default(Q4_1);
        Assert.Equal([0, 2, 4], Offsets(ref q41, ref Bytes(ref q41.Scale), ref Bytes(ref q41.Min), ref Bytes(ref q41.Codes)));
        var q50 = default(Q5_0);
        Assert.Equal([0, 2, 6], Offsets(ref q50, ref Bytes(ref q50.Scale), ref Bytes(ref q50.HighBits), ref Bytes(ref q50.Codes)));
        var q51 = default(Q5_1);
        Assert.Equal(
            [0, 2, 4, 8],
            Offsets(ref q51, ref Bytes(ref q51.Scale), ref Bytes(ref q51.Min), ref Bytes(ref q51.HighBits), ref Bytes(ref q51.Codes)));
        var q80 = default(Q8_0);
        Assert.Equal([0, 2], Offsets(ref q80, ref Bytes(ref q80.Scale), ref Bytes(ref q80.Codes)));
        var nl = default(IQ4_NL);
        Assert.Equal([0, 2], Offsets(ref nl, ref Bytes(ref nl.Scale), ref Bytes(ref nl.Codes)));
        var mx = default(MXFP4);
        Assert.Equal([0, 1], Offsets(ref mx, ref Bytes(ref mx.Exponent), ref Bytes(ref mx.Codes)));
    }

    [Fact]
    public void Fields_of_super_blocks_lie_where_the_file_has_them()
    {
        var q2 = default(Q2_K);
        Assert.Equal([0, 16, 80, 82], Offsets(ref q2, ref Bytes(ref q2.SubScaleNibbles), ref Bytes(ref q2.Codes), ref Bytes(ref q2.Scale), ref Bytes(ref q2.Min)));
        var q3 = default(Q3_K);
        Assert.Equal([0, 32, 96, 108], Offsets(ref q3, ref Bytes(ref q3.HighBits), ref Bytes(ref q3.Codes), ref Bytes(ref q3.SubScaleBits), ref Bytes(ref q3.Scale)));
        var q4 = default(Q4_K);
        Assert.Equal([0, 2, 4, 16], Offsets(ref q4, ref Bytes(ref q4.Scale), ref Bytes(ref q4.Min), ref Bytes(ref q4.Pairs), ref Bytes(ref q4.Codes)));
        var q5 = default(Q5_K);
        Assert.Equal(
            [0, 2, 4, 16, 48],
            Offsets(ref q5, ref Bytes(ref q5.Scale), ref Bytes(ref q5.Min), ref Bytes(ref q5.Pairs), ref Bytes(ref q5.HighBits), ref Bytes(ref q5.Codes)));
        var q6 = default(Q6_K);
        Assert.Equal([0, 128, 192, 208], Offsets(ref q6, ref Bytes(ref q6.LowBits), ref Bytes(ref q6.HighBits), ref Bytes(ref q6.SubScaleBytes), ref Bytes(ref q6.Scale)));
        var xs = default(IQ4_XS);
        Assert.Equal([0, 2, 4, 8], Offsets(ref xs, ref Bytes(ref xs.Scale), ref Bytes(ref xs.SubScaleHigh), ref Bytes(ref xs.SubScaleLow), ref Bytes(ref xs.Codes)));
    }

    [Fact]
    public void Fields_of_code_book_and_ternary_blocks_lie_where_the_file_has_them()
    {
        var iq2xxs = default(IQ2_XXS);
        Assert.Equal([0, 2], Offsets(ref iq2xxs, ref Bytes(ref iq2xxs.Scale), ref Bytes(ref iq2xxs.Groups)));
        var iq2xs = default(IQ2_XS);
        Assert.Equal([0, 2, 66], Offsets(ref iq2xs, ref Bytes(ref iq2xs.Scale), ref Bytes(ref iq2xs.Codes), ref Bytes(ref iq2xs.SubScaleNibbles)));
        var iq2s = default(IQ2_S);
        Assert.Equal([0, 2, 34, 66, 74], Offsets(ref iq2s, ref Bytes(ref iq2s.Scale), ref Bytes(ref iq2s.Indices), ref Bytes(ref iq2s.Signs), ref Bytes(ref iq2s.HighBits), ref Bytes(ref iq2s.SubScaleNibbles)));
        var iq3xxs = default(IQ3_XXS);
        Assert.Equal([0, 2, 66], Offsets(ref iq3xxs, ref Bytes(ref iq3xxs.Scale), ref Bytes(ref iq3xxs.Indices), ref Bytes(ref iq3xxs.SignsAndScales)));
        var iq3s = default(IQ3_S);
        Assert.Equal([0, 2, 66, 74, 106], Offsets(ref iq3s, ref Bytes(ref iq3s.Scale), ref Bytes(ref iq3s.Indices), ref Bytes(ref iq3s.HighBits), ref Bytes(ref iq3s.Signs), ref Bytes(ref iq3s.SubScaleNibbles)));
        var iq1s = default(IQ1_S);
        Assert.Equal([0, 2, 34], Offsets(ref iq1s, ref Bytes(ref iq1s.Scale), ref Bytes(ref iq1s.Indices), ref Bytes(ref iq1s.HighBits)));
        var iq1m = default(IQ1_M);
        Assert.Equal([0, 32, 48], Offsets(ref iq1m, ref Bytes(ref iq1m.Indices), ref Bytes(ref iq1m.HighNibbles), ref Bytes(ref iq1m.SubScaleBits)));
        var tq10 = default(TQ1_0);
        Assert.Equal([0, 48, 52], Offsets(ref tq10, ref Bytes(ref tq10.Codes), ref Bytes(ref tq10.LastCodes), ref Bytes(ref tq10.Scale)));
        var tq20 = default(TQ2_0);
        Assert.Equal([0, 64], Offsets(ref tq20, ref Bytes(ref tq20.Codes), ref Bytes(ref tq20.Scale)));
    }

    private static void Check<TBlock>()
        where TBlock : unmanaged, IQuantBlock<TBlock>
    {
        var layout = TBlock.DType.Layout();
        Assert.Equal((layout.BlockLength, layout.BlockBytes), (TBlock.Length, Unsafe.SizeOf<TBlock>()));
    }

    private static ref byte Bytes<T>(ref T field) => ref Unsafe.As<T, byte>(ref field);

    private static int[] Offsets<TBlock>(ref TBlock block, ref byte a, ref byte b) =>
        [Offset(ref block, ref a), Offset(ref block, ref b)];

    private static int[] Offsets<TBlock>(ref TBlock block, ref byte a, ref byte b, ref byte c) =>
        [.. Offsets(ref block, ref a, ref b), Offset(ref block, ref c)];

    private static int[] Offsets<TBlock>(ref TBlock block, ref byte a, ref byte b, ref byte c, ref byte d) =>
        [.. Offsets(ref block, ref a, ref b, ref c), Offset(ref block, ref d)];

    private static int[] Offsets<TBlock>(ref TBlock block, ref byte a, ref byte b, ref byte c, ref byte d, ref byte e) =>
        [.. Offsets(ref block, ref a, ref b, ref c, ref d), Offset(ref block, ref e)];

    private static int Offset<TBlock>(ref TBlock block, ref byte field) => (int)Unsafe.ByteOffset(ref Bytes(ref block), ref field);
}
