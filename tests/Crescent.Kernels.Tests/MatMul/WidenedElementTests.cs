using Crescent.Kernels.MatMul;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.MatMul;

/// <summary>What the float loops widen in registers: every code of the 16-bit formats, FP8 under scales of any size.</summary>
public class WidenedElementTests
{
    public static TheoryData<DType, IsaLevel> Formats
    {
        get
        {
            var data = new TheoryData<DType, IsaLevel>();
            foreach (var isa in Enum.GetValues<IsaLevel>())
            {
                data.Add(DType.F16, isa);
                data.Add(DType.BF16, isa);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_16_bit_code_is_widened_exactly(DType dtype, IsaLevel isa)
    {
        // Row r holds code r and zeros.
        var codes = new byte[65536 * 16 * 2];
        for (var code = 0; code < 65536; code++)
        {
            BitConverter.TryWriteBytes(codes.AsSpan(2 * ((16 * code) + (code % 16))), (ushort)code);
        }

        using var pool = new ComputePool(1);
        using var weights = TestMatrix.Of(dtype, codes, 65536, 16, isa);
        using var ones = new Activations(5, 16) { Rows = 5 };
        ones.Values.Span(0, 5 * 16).Fill(1);
        foreach (var tokens in new[] { 1, 5 })
        {
            var output = ProductRuns.Run(pool, weights.Matrix, ones, tokens, ActivationType.Int8);
            for (var i = 0; i < output.Length; i++)
            {
                Assert.Equal(Value(dtype, (ushort)i), output[i]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Transposed_products_widen_every_16_bit_code_exactly(DType dtype, IsaLevel isa)
    {
        byte[] codes = [.. Enumerable.Range(0, 65536).SelectMany(code => BitConverter.GetBytes((ushort)code))];
        using var pool = new ComputePool(1);
        using var weights = TestMatrix.Of(dtype, codes, 1, 65536, isa);
        using var ones = new Activations(5, 1) { Rows = 5 };
        ones.Values.Span(0, 5).Fill(1);
        var output = ProductRuns.Run(pool, weights.Matrix, ones, 5, ActivationType.Int8, transposed: true);
        for (var i = 0; i < output.Length; i++)
        {
            Assert.Equal(Value(dtype, (ushort)i), output[i]);
        }
    }

    [Theory]
    [InlineData(IsaLevel.Portable)]
    [InlineData(IsaLevel.Avx2)]
    [InlineData(IsaLevel.Avx512)]
    public void Fp8_products_take_scales_of_any_size(IsaLevel isa)
    {
        using var pool = new ComputePool(1);
        foreach (var scales in new float[][] { [1, 127, 1e-41f], [1, 1e6f, 1e-3f], [0, 1e38f, -2], [-128, 128, 1] })
        {
            using var random = SplitMatrix.Random(DType.F8_E4M3, 6, 300, isa);
            byte[] bytes = [.. scales.SelectMany(BitConverter.GetBytes)];
            using var weights = SplitMatrix.Of(DType.F8_E4M3, random.Codes, bytes, 6, 300, isa);
            using var input = ProductRuns.RandomInput(5, 300);
            var alone = ProductRuns.Run(pool, weights.Matrix, input, 1, ActivationType.Int8);
            AssertBits.Equal(ProductRuns.Run(pool, weights.Matrix, input, 5, ActivationType.Int8).AsSpan(0, 6), alone, $"scales {scales[0]}…");
            for (var row = 0; row < 6; row++)
            {
                var products = weights.Row(row).Zip(input.Row(0).ToArray(), (w, x) => (double)w * x).ToArray();
                Assert.Equal(products.Sum(), alone[row], products.Sum(Math.Abs) * 1e-5);
            }
        }
    }

    private static float Value(DType dtype, ushort code) =>
        dtype == DType.F16 ? (float)BitConverter.UInt16BitsToHalf(code) : BitConverter.UInt32BitsToSingle((uint)code << 16);
}
