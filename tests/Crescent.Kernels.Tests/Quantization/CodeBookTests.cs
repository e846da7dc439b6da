using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Crescent.Kernels.Quantization;
using Crescent.Tests;
using Xunit;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>The built-in tables against ggml's (shared data, ggml-iq-grids).</summary>
public class CodeBookTests
{
    [Fact]
    public void The_code_books_are_upstreams()
    {
        Assert.Equal(File("iq2xxs_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ2_XXS));
        Assert.Equal(File("iq2xs_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ2_XS));
        Assert.Equal(File("iq2s_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ2_S));
        Assert.Equal(File("iq3xxs_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ3_XXS));
        Assert.Equal(File("iq3s_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ3_S));
        Assert.Equal(File("iq1s_grid"), MemoryMarshal.AsBytes(CodeBooks.IQ1_S));
    }

    [Fact]
    public void Signs_of_seven_bits_are_completed_as_upstream_does()
    {
        var signs = File("ksigns_iq2xs");
        Assert.Equal(128, signs.Length);
        for (var i = 0; i < 128; i++)
        {
            Assert.Equal(signs[i], GridCodes.WithParity(i));
        }

        // All four bytes at once, each with its own neighbours.
        for (var i = 0; i < 128; i++)
        {
            var (a, b, c, d) = (i, (37 * i) & 127, 127 - i, (91 * i) & 127);
            var spread = GridCodes.SpreadSevens((uint)(a | (b << 7) | (c << 14) | (d << 21)) | 0xA0000000);
            Assert.Equal((uint)(signs[a] | (signs[b] << 8) | (signs[c] << 16) | (signs[d] << 24)), GridCodes.WithParity(spread));
        }
    }

    [Fact]
    public void Sign_bits_belong_to_values_as_upstream_says()
    {
        var masks = File("kmask_iq2xs");
        const ulong entry = 0x0807060504030201;
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(-(i + 1), GridCodes.Signed(entry, masks[i], i));
            Assert.Equal(i + 1, GridCodes.Signed(entry, ~masks[i], i));
        }
    }

    [Fact]
    public void The_largest_code_of_a_format_is_the_largest_of_its_book()
    {
        // What keeps 16-bit sums from overflowing rests on this number.
        Assert.Equal(Largest(MemoryMarshal.AsBytes(CodeBooks.IQ2_XXS)), IQ2_XXS.MaxCode);
        Assert.Equal(Largest(MemoryMarshal.AsBytes(CodeBooks.IQ2_XS)), IQ2_XS.MaxCode);
        Assert.Equal(Largest(MemoryMarshal.AsBytes(CodeBooks.IQ2_S)), IQ2_S.MaxCode);
        Assert.Equal(Largest(MemoryMarshal.AsBytes(CodeBooks.IQ3_XXS)), IQ3_XXS.MaxCode);
        Assert.Equal(Largest(MemoryMarshal.AsBytes(CodeBooks.IQ3_S)), IQ3_S.MaxCode);
        var ternary = (8 * Largest(MemoryMarshal.AsBytes(CodeBooks.IQ1_S))) + 1;
        Assert.Equal((ternary, ternary), (IQ1_S.MaxCode, IQ1_M.MaxCode));
    }

    [Fact]
    public void Eight_entries_are_the_same_gathered_or_read_in_pairs()
    {
        var random = new Random(9);
        for (var round = 0; round < 1000; round++)
        {
            var (indices, high) = ((ulong)random.NextInt64(long.MinValue, long.MaxValue), (uint)random.Next(256));
            var expected = new uint[8];
            for (var k = 0; k < 8; k++)
            {
                expected[k] = CodeBooks.IQ3_S[(byte)(indices >> (8 * k)) | (int)(((high >> k) & 1) << 8)];
            }

            Assert.Equal(Vector256.Create(expected), GridCodes.Eight(CodeBooks.IQ3_S, indices, high).AsUInt32());
            Assert.Equal(Vector256.Create(expected), GridCodes.EightByTwos(CodeBooks.IQ3_S, indices, high).AsUInt32());
        }
    }

    private static int Largest(ReadOnlySpan<byte> values)
    {
        var largest = 0;
        foreach (var value in values)
        {
            largest = Math.Max(largest, Math.Abs((int)(sbyte)value));
        }

        return largest;
    }

    private static byte[] File(string name) => System.IO.File.ReadAllBytes(SharedData.Path("ggml-iq-grids", $"{name}.bin"));
}
